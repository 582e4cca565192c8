package words

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestBothLanguagesHoldTheSameKeys(t *testing.T) {
	first := In(Languages[0])
	for _, lang := range Languages[1:] {
		p := In(lang)
		for key := range first.sentences {
			if !p.Has(key) {
				t.Errorf("%s has no %q", lang, key)
			}
		}
		for key := range p.sentences {
			if !first.Has(key) {
				t.Errorf("%s has %q, %s has not", lang, key, first.lang)
			}
		}
	}
}

func TestEverySentenceTakesTheSameArguments(t *testing.T) {
	for key, s := range In(Languages[0]).sentences {
		want := names(s)
		for _, lang := range Languages[1:] {
			if got := names(In(lang).sentences[key]); !slices.Equal(got, want) {
				t.Errorf("%s: %q takes %v, want %v", lang, key, got, want)
			}
		}
	}
}

func names(s *sentence) []string {
	if s == nil {
		return nil
	}
	set := map[string]bool{}
	for _, f := range s.forms {
		for _, c := range f.cuts {
			set[c.name] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Forms that begin at a million (Italian has one) fall back on "other".
func TestEveryPluralHasTheFormsItsLanguageNeeds(t *testing.T) {
	plurals := pluralKeys()
	for _, lang := range Languages {
		p := In(lang)
		needs := map[form]bool{}
		for n := range 10_000 {
			needs[p.plural(n)] = true
		}
		for key, s := range p.sentences {
			if !s.written[other] {
				t.Errorf("%s: %q has no form for most numbers", lang, key)
			}
			if !plurals[key] {
				continue
			}
			for f := range needs {
				if !s.written[f] {
					t.Errorf("%s: %q lacks form %d", lang, key, f)
				}
			}
		}
	}
}

// pluralKeys are those that have more than one form in any language.
func pluralKeys() map[string]bool {
	out := map[string]bool{}
	for _, lang := range Languages {
		for key, s := range In(lang).sentences {
			for f, written := range s.written {
				if written && form(f) != other {
					out[key] = true
				}
			}
		}
	}
	return out
}

var notForPeople = map[string]*regexp.Regexp{
	"en": regexp.MustCompile(`(?i)\b(dead|die|dies|died|dying|deaths?|kill\w*|users?|keepers?|whispers?|tombstones?|100 ?%|oops)\b|!`),
	"it": regexp.MustCompile(`(?i)\b(mort\w*|muor\w*|mori\w*|uccid\w*|uccis\w*|utent\w*|100 ?%|ops)\b|!`),
}

func TestNoSentenceHasWordsThatPeopleMustNotRead(t *testing.T) {
	for _, lang := range Languages {
		eachForm(lang, func(key, raw string) {
			if bad := notForPeople[lang].FindString(raw); bad != "" {
				t.Errorf("%s: %q says %q: %s", lang, key, bad, raw)
			}
		})
	}
}

func TestEverySentenceIsSetInType(t *testing.T) {
	for _, lang := range Languages {
		eachForm(lang, func(key, raw string) {
			if strings.ContainsAny(raw, `'"`) || strings.Contains(raw, "...") {
				t.Errorf("%s: %q has a typewriter's quotes or dots: %s", lang, key, raw)
			}
			if strings.TrimSpace(raw) != raw || strings.Contains(raw, "  ") {
				t.Errorf("%s: %q has stray spaces: %q", lang, key, raw)
			}
		})
	}
}

func eachForm(lang string, f func(key, raw string)) {
	for key, s := range In(lang).sentences {
		for i, p := range s.forms {
			if s.written[i] {
				f(key, p.raw)
			}
		}
	}
}

var (
	literal = regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"`)
	asked   = regexp.MustCompile(`\b(?:Say|SayWith|Pattern)\("([^"]+)"[,)]|"(error\.[a-z0-9_.]+)"`)
	// computed lists the families whose keys are put together at run time.
	computed = regexp.MustCompile(`^alert\.|^doctor\.(?:level_\w+|\w+_do|\w+_room\w*)$|^(?:hue|creature)\.\d+$|^(?:setting|hint|mood|backdrop|audit|knob|choice|unfit|admin\.nav|admin\.group|admin\.scope|host\.done|error\.filter|error\.private\.found|privacy\.kept|ondisk\.file|ondisk\.column|filter\.action|filter\.done)\.|^feed\.(?:new|hot|fading|top)$|^start\.(?:(?:step|set|access|door|life|rules|snapshots)_\w+|(?:board|life|done)(?:_lead)?)$`)
)

func TestEveryKeyThatIsAskedForExists(t *testing.T) {
	p := In(Languages[0])
	for path, source := range sources(t) {
		for _, m := range asked.FindAllStringSubmatch(source, -1) {
			if key := m[1] + m[2]; !p.Has(key) && !computed.MatchString(key) {
				t.Errorf("%s asks for %q, which no catalogue has", path, key)
			}
		}
	}
}

func TestEveryKeyIsAskedFor(t *testing.T) {
	used := map[string]bool{}
	for _, source := range sources(t) {
		for _, m := range literal.FindAllStringSubmatch(source, -1) {
			used[m[1]] = true
		}
	}
	for key := range In(Languages[0]).sentences {
		if !used[key] && !computed.MatchString(key) {
			t.Errorf("nobody asks for %q", key)
		}
	}
}

// sources are the program's own Go and templ files, by path.
func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	root := os.DirFS("..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && strings.HasPrefix(d.Name(), ".") {
			return fs.SkipDir
		}
		ours := filepath.Ext(path) == ".go" || filepath.Ext(path) == ".templ"
		if d.IsDir() || !ours || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "_templ.go") {
			return nil
		}
		b, err := fs.ReadFile(root, path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
