package board

import "slices"

// Mood is a feeling that backdrops share; the words for it and for each backdrop
// are in the catalogue (mood.NAME, backdrop.NAME).
type Mood struct {
	Name      string
	Backdrops []string
}

// Moods are the backdrops a card may have, by mood.
var Moods = []Mood{
	{"still", []string{"pond", "mist", "reeds", "longwater"}},
	{"tender", []string{"blush", "petal", "nightlight", "linen"}},
	{"restless", []string{"static", "squall", "currents", "crosswind"}},
	{"bright", []string{"noon", "kite", "pollen", "orchard"}},
	{"heavy", []string{"rain", "slate", "undertow", "embers"}},
	{"secret", []string{"keyhole", "velvet", "moth", "eclipse"}},
}

// IsBackdrop says whether name is one of the backdrops.
func IsBackdrop(name string) bool {
	return slices.ContainsFunc(Moods, func(m Mood) bool { return slices.Contains(m.Backdrops, name) })
}

// backdropNames are all backdrops, mood by mood.
func backdropNames() (list []string) {
	for _, m := range Moods {
		list = append(list, m.Backdrops...)
	}
	return list
}
