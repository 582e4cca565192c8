package words

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

//go:embed starters/*.toml
var starterFiles embed.FS

// Starter is what the host of a new site says without having thought of it yet.
type Starter struct {
	Welcome   string
	Questions []string // one a day
	Rules     string
}

// Starters returns the starter set called name in one of Languages; "none" is an
// empty one. The error is one sentence that names what there is.
func Starters(name, lang string) (Starter, error) {
	if !slices.Contains(Languages, lang) {
		return Starter{}, fmt.Errorf("starter sets speak %s, not %q", strings.Join(Languages, " and "), lang)
	}
	if name == "none" {
		return Starter{}, nil
	}
	var sets map[string]Starter
	if _, err := toml.DecodeFS(starterFiles, "starters/"+lang+".toml", &sets); err != nil {
		return Starter{}, fmt.Errorf("starter sets: %w", err)
	}
	set, ok := sets[name]
	if !ok {
		return Starter{}, fmt.Errorf("no starter set is called %q; there are %s and none", name, strings.Join(slices.Sorted(maps.Keys(sets)), ", "))
	}
	return set, nil
}
