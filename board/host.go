package board

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// AboutMax is how many characters the host's note about a site may have.
	AboutMax = 5000
	// ContactMax is how many may say how to reach the host.
	ContactMax = 300
	// TermsMax is how many the terms may have.
	TermsMax = 10_000
)

// AgeNotice is from which age on a board says that it is meant to be read.
type AgeNotice string

// The ages there are. Nobody is asked for theirs.
const (
	AgeOff AgeNotice = "off"
	Age13  AgeNotice = "13"
	Age16  AgeNotice = "16"
	Age18  AgeNotice = "18"
)

// SiteNameMax is how many characters a site's name may have.
const SiteNameMax = 40

// SiteName is what a site is called whose host has given it no name.
const SiteName = "Mayfly"

// siteName is the name of the whole site, which is never empty.
func siteName() Knob {
	k := hostText("site_name", KnobText, SiteNameMax, func(s *Settings) *string { return &s.SiteName })
	k.Default = SiteName
	text := k.set
	k.set = func(s *Settings, v string) error {
		if err := text(s, v); err != nil {
			return err
		}
		if looksEmpty(s.SiteName) {
			s.SiteName = SiteName
		}
		return nil
	}
	return k
}

// Snapshots is what the host knows about copies that a provider takes of the machine.
type Snapshots string

// The choices of snapshots.
const (
	SnapshotsUnknown Snapshots = "unknown"
	SnapshotsYes     Snapshots = "yes"
	SnapshotsNo      Snapshots = "no"
)

// HostLanguages are those in which the host's words by itself are had, and first the one
// that the server was started with.
var HostLanguages = []string{StarterSets[0], "en", "it"}

// StarterSets are the starter sets that there are, and first the one that the server was
// started with.
var StarterSets = []string{"started", "neighbours", "campus", "event"}

// hostText is a setting in the host's own words: plain text, of one line or of several.
// On a command line \n begins a line.
func hostText(name string, kind KnobKind, most int, field func(*Settings) *string) Knob {
	return Knob{
		Name: name, Site: true, Kind: kind, Max: strconv.Itoa(most),
		get: func(s *Settings) string { return *field(s) },
		set: func(s *Settings, v string) error {
			text, ok := CleanText(strings.ReplaceAll(v, `\n`, "\n"))
			if kind != KnobLines {
				text = strings.Join(strings.Fields(text), " ")
			}
			if n := utf8.RuneCountInString(text); !ok || n > most {
				return unfit("host_text", fmt.Sprintf("give plain text of up to %d characters", most), "max", strconv.Itoa(most))
			}
			*field(s) = text
			return nil
		},
	}
}

// allBackdrops stands for each of them in the setting.
const allBackdrops = "all"

func backdropNames() []string {
	var list []string
	for _, m := range Moods {
		list = append(list, m.Backdrops...)
	}
	return list
}

// parseBackdrops reads names with spaces between them, or "all", which is none.
func parseBackdrops(v string) ([]string, error) {
	if v == allBackdrops {
		return nil, nil
	}
	names := backdropNames()
	given := strings.Fields(v)
	if len(given) == 0 || slices.ContainsFunc(given, func(name string) bool { return !slices.Contains(names, name) }) {
		list := strings.Join(names, ", ")
		return nil, unfit("backdrops", "give all, or one name or more with spaces between them; there are "+list+"; to offer none, set cards=off", "names", list)
	}
	chosen := slices.DeleteFunc(names, func(name string) bool { return !slices.Contains(given, name) })
	if len(chosen) == len(backdropNames()) {
		return nil, nil
	}
	return chosen, nil
}

func formatBackdrops(list []string) string {
	if len(list) == 0 {
		return allBackdrops
	}
	return strings.Join(list, " ")
}

// Offers says whether a post may have a backdrop.
func (s Settings) Offers(backdrop string) bool {
	return s.Cards && IsBackdrop(backdrop) && (len(s.Backdrops) == 0 || slices.Contains(s.Backdrops, backdrop))
}

// JoinPlaces writes as place_list what a form gives by names and positions, of which
// those without a name and a position are dropped.
func JoinPlaces(names, positions []string) (string, error) {
	var list []string
	for i, name := range names {
		position := ""
		if i < len(positions) {
			position = strings.ReplaceAll(strings.ReplaceAll(positions[i], " ", ""), ",", "/")
		}
		if name = strings.TrimSpace(name); name == "" && position == "" {
			continue
		}
		if _, _, ok := parsePosition(position); position != "" && !ok || strings.Contains(name, ";") {
			return "", errPlaces.of("place_list", strings.TrimSpace(name+" "+position))
		}
		list = append(list, strings.TrimSpace(name+" "+position))
	}
	return strings.Join(list, "; "), nil
}

// Position is where a place lies, as place_list has it; "" where nobody has said.
func (p Place) Position() string {
	if !p.Placed {
		return ""
	}
	return strconv.FormatFloat(p.Lat, 'f', -1, 64) + "/" + strconv.FormatFloat(p.Lon, 'f', -1, 64)
}
