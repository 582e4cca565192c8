package board

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Place is an area that the host has named. Where it lies helps a browser to
// suggest it; nobody sends us where they are.
type Place struct {
	Name   string
	Slug   string
	Lat    float64 // degrees, only where Placed
	Lon    float64
	Placed bool
}

const (
	placesMax = 50 // places of a board
	placeMax  = 40 // characters of a name
)

var errPlaces = unfit("places", fmt.Sprintf("give up to %d names of at most %d characters, with semicolons between them; a name may be followed by "+
	"its latitude and longitude, such as Library 45.4642/9.1900; Old Harbour; Campus 44.40/8.95", placesMax, placeMax),
	"most", placesMax, "max", placeMax)

// ParsePlaces reads a list such as "Library 45.4642/9.1900; Old Harbour".
func ParsePlaces(v string) ([]Place, error) {
	var list []Place
	for text := range strings.SplitSeq(v, ";") {
		if strings.TrimSpace(text) == "" {
			continue
		}
		p, err := parsePlace(text)
		if err != nil {
			return nil, err
		}
		if _, twice := FindPlace(list, p.Slug); twice {
			return nil, unfit("twice", fmt.Sprintf("“%s” is there twice; each place needs a name of its own", p.Name), "name", p.Name)
		}
		list = append(list, p)
	}
	if len(list) > placesMax {
		return nil, errPlaces
	}
	return list, nil
}

func parsePlace(text string) (Place, error) {
	words := strings.Fields(text)
	var p Place
	if lat, lon, ok := parsePosition(words[len(words)-1]); ok {
		p.Lat, p.Lon, p.Placed = lat, lon, true
		words = words[:len(words)-1]
	}
	name, ok := CleanText(strings.Join(words, " "))
	p.Name, p.Slug = name, placeSlug(name)
	if !ok || p.Slug == "" || utf8.RuneCountInString(name) > placeMax {
		return Place{}, errPlaces
	}
	if p.Placed && (p.Lat < -90 || p.Lat > 90 || p.Lon < -180 || p.Lon > 180) {
		return Place{}, unfit("position", "a latitude lies between −90 and 90, a longitude between −180 and 180")
	}
	return p, nil
}

// parsePosition reads "45.4642/9.1900".
func parsePosition(s string) (lat, lon float64, ok bool) {
	north, east, both := strings.Cut(s, "/")
	lat, nerr := strconv.ParseFloat(north, 64)
	lon, eerr := strconv.ParseFloat(east, 64)
	return lat, lon, both && nerr == nil && eerr == nil && lat == lat && lon == lon
}

// placeSlug is a name as an address holds it: letters and digits, in lower case,
// with hyphens between the words.
func placeSlug(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !inWord(r) })
	return strings.Join(words, "-")
}

// FindPlace returns the place that is called so, or whose slug it is.
func FindPlace(list []Place, name string) (Place, bool) {
	slug := placeSlug(name)
	i := slices.IndexFunc(list, func(p Place) bool { return p.Slug == slug })
	if i < 0 || slug == "" {
		return Place{}, false
	}
	return list[i], true
}

func formatPlaces(list []Place) string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = strings.TrimSpace(p.Name + " " + p.Position())
	}
	return strings.Join(texts, "; ")
}

// PlaceSlug is the place of a post as an address holds it; "" when it has none.
func (p Post) PlaceSlug() string { return placeSlug(p.Place) }

// placeNames lists what there is to choose from.
func placeNames(list []Place) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}
