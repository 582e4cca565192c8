// Package words holds every sentence people read, by key, in each language that
// the interface speaks. It knows nothing of what the sentences are about.
//
// The catalogues are message files of go-i18n, plurals and all. They are read
// once, at start: a page of 50 posts asks for some 500 sentences, and what
// go-i18n does for each (matching the language, running a template) would be half
// the cost of the page (BenchmarkSay). So it reads the files and knows the plural
// rules, and a sentence is a lookup.
package words

import (
	"embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Languages are those the interface speaks; whoever reads none of them gets the
// first.
var Languages = []string{"en", "it"}

//go:embed en.toml it.toml
var files embed.FS

var (
	printers = mustLoad()
	matcher  = language.NewMatcher(tags())
)

// Printer says sentences in one language. It is safe for concurrent use.
type Printer struct {
	lang      string
	sentences map[string]*sentence
	plural    func(n int) form
}

// Match returns the printer for a reader: the language they chose, if it is one
// of Languages, or else the best for their Accept-Language header.
func Match(acceptLanguage, chosen string) *Printer {
	if i := slices.Index(Languages, chosen); i >= 0 {
		return printers[i]
	}
	if i := firstChoice(acceptLanguage); i >= 0 {
		return printers[i]
	}
	accepted, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil || len(accepted) == 0 {
		return printers[0]
	}
	_, i, _ := matcher.Match(accepted...)
	return printers[i]
}

// firstChoice is the language of ours that a header names first and without a
// weight, so above all others; -1 if it does not. It answers for nearly every
// request, at a fiftieth of what matching costs.
func firstChoice(acceptLanguage string) int {
	first, _, _ := strings.Cut(acceptLanguage, ",")
	if strings.Contains(first, ";") {
		return -1
	}
	primary, _, _ := strings.Cut(first, "-")
	return slices.Index(Languages, primary)
}

// In returns the printer for one of Languages, or the first.
func In(lang string) *Printer { return printers[max(0, slices.Index(Languages, lang))] }

// Lang is the language's code, as the lang attribute wants it.
func (p *Printer) Lang() string { return p.lang }

// Has says whether the catalogue holds key.
func (p *Printer) Has(key string) bool {
	_, ok := p.sentences[key]
	return ok
}

// Say returns the sentence for key. Args are pairs of name and value, and fill
// the sentence's {name}: strings as they are, numbers with a true minus, a
// time.Duration as Life writes it, or as Spell does where the sentence says
// {name:spelled}. The int called "n" selects the plural form. A key that is not
// there is shown itself.
func (p *Printer) Say(key string, args ...any) string {
	s, ok := p.sentences[key]
	if !ok {
		return key
	}
	return p.fill(s, func(name string) (any, bool) {
		for i := 0; i+1 < len(args); i += 2 {
			if args[i] == name {
				return args[i+1], true
			}
		}
		return nil, false
	})
}

// SayWith is Say for arguments that are in a map already, as a refusal's are.
func (p *Printer) SayWith(key string, args map[string]any) string {
	s, ok := p.sentences[key]
	if !ok {
		return key
	}
	return p.fill(s, func(name string) (any, bool) {
		v, ok := args[name]
		return v, ok
	})
}

// Pattern returns the sentence in the form that n takes, with its {names} still
// to be filled: for pages, which count by themselves.
func (p *Printer) Pattern(key string, n int) string {
	s, ok := p.sentences[key]
	if !ok {
		return key
	}
	return s.in(p.plural(n)).raw
}

// Life writes what is left of a life in its two largest units: "41 s", "9 min",
// "3 h 12 min", "2 d 3 h". It counts a begun second as whole, rounds to minutes
// from one minute on and to hours from one day on; js/app.js counts alike.
func (p *Printer) Life(d time.Duration) string {
	seconds := int((d + time.Second - 1) / time.Second)
	if seconds < 60 {
		return p.unit("unit.s", max(0, seconds))
	}
	minutes := (seconds + 30) / 60
	if minutes < 60 {
		return p.unit("unit.min", minutes)
	}
	if minutes < 24*60 {
		return p.two("unit.h", minutes/60, "unit.min", minutes%60)
	}
	hours := (seconds + 1800) / 3600
	return p.two("unit.d", hours/24, "unit.h", hours%24)
}

func (p *Printer) two(large string, n int, small string, rest int) string {
	if rest == 0 {
		return p.unit(large, n)
	}
	return p.unit(large, n) + " " + p.unit(small, rest)
}

func (p *Printer) unit(key string, n int) string {
	return strings.Replace(p.sentences[key].in(other).raw, "{n}", strconv.Itoa(n), 1)
}

// Spell writes a time in whole words, for prose and for those who listen: "41
// seconds", "10 minutes", "1 hour and 30 minutes". It gives the two largest units
// that are not zero, and drops the rest.
func (p *Printer) Spell(d time.Duration) string {
	seconds := int(max(0, d) / time.Second)
	var parts []string
	for _, u := range []struct {
		key     string
		seconds int
	}{{"spell.days", 86400}, {"spell.hours", 3600}, {"spell.minutes", 60}, {"spell.seconds", 1}} {
		if n := seconds / u.seconds; n > 0 && len(parts) < 2 {
			parts = append(parts, p.Say(u.key, "n", n))
		}
		seconds %= u.seconds
	}
	switch len(parts) {
	case 0:
		return p.Say("spell.seconds", "n", 0)
	case 1:
		return parts[0]
	}
	return p.Say("spell.join", "large", parts[0], "small", parts[1])
}

// form is one of CLDR's plural categories.
type form uint8

const (
	other form = iota // the one every sentence has
	zero
	one
	two
	few
	many
	forms
)

// sentence is what a catalogue says for one key, in each form it is written in.
type sentence struct {
	forms   [forms]pattern
	written [forms]bool
}

func (s *sentence) in(f form) *pattern {
	if !s.written[f] {
		f = other
	}
	return &s.forms[f]
}

// pattern is one form of a sentence: raw as it is written, and cut at its names.
type pattern struct {
	raw   string
	cuts  []cut
	after string
}

// cut is a stretch of words and the name that follows it.
type cut struct {
	before, name string
	spelled      bool
}

// cutUp reads "At {score}. {n} more and it goes."; a "{" that is never closed is
// text.
func cutUp(raw string) pattern {
	p := pattern{raw: raw, after: raw}
	for {
		before, rest, found := strings.Cut(p.after, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return p
		}
		name, how, _ := strings.Cut(name, ":")
		p.cuts = append(p.cuts, cut{before: before, name: name, spelled: how == "spelled"})
		p.after = after
	}
}

func (p *Printer) fill(s *sentence, arg func(name string) (any, bool)) string {
	f := other
	if n, ok := arg("n"); ok {
		if n, ok := n.(int); ok {
			f = p.plural(n)
		}
	}
	t := s.in(f)
	if len(t.cuts) == 0 {
		return t.raw
	}
	var b strings.Builder
	b.Grow(len(t.raw) + 16)
	for _, c := range t.cuts {
		b.WriteString(c.before)
		v, ok := arg(c.name)
		if !ok {
			v = "{" + c.name + "}"
		}
		b.WriteString(p.write(v, c.spelled))
	}
	b.WriteString(t.after)
	return b.String()
}

func (p *Printer) write(v any, spelled bool) string {
	switch v := v.(type) {
	case string:
		return v
	case int:
		if v < 0 {
			return "−" + strconv.Itoa(v)[1:]
		}
		return strconv.Itoa(v)
	case time.Duration:
		if spelled {
			return p.Spell(v)
		}
		return p.Life(v)
	}
	return fmt.Sprint(v)
}

func tags() []language.Tag {
	out := make([]language.Tag, len(Languages))
	for i, lang := range Languages {
		out[i] = language.Make(lang)
	}
	return out
}

// mustLoad reads the catalogues; they are part of the program, so one that can't
// be read is a broken build.
func mustLoad() []*Printer {
	out := make([]*Printer, len(Languages))
	for i, lang := range Languages {
		p, err := load(lang)
		if err != nil {
			panic(err)
		}
		out[i] = p
	}
	return out
}

func load(lang string) (*Printer, error) {
	bundle := i18n.NewBundle(language.Make(lang))
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	file, err := bundle.LoadMessageFileFS(files, lang+".toml")
	if err != nil {
		return nil, fmt.Errorf("read the words of %q: %w", lang, err)
	}
	p := &Printer{lang: lang, sentences: make(map[string]*sentence, len(file.Messages)), plural: pluralRule(bundle, lang)}
	for _, m := range file.Messages {
		s := new(sentence)
		for f, raw := range map[form]string{zero: m.Zero, one: m.One, two: m.Two, few: m.Few, many: m.Many, other: m.Other} {
			if raw != "" {
				s.forms[f], s.written[f] = cutUp(raw), true
			}
		}
		p.sentences[m.ID] = s
	}
	return p, nil
}

// pluralRule asks go-i18n which form each number takes. Small numbers, which are
// nearly all, are asked once.
func pluralRule(bundle *i18n.Bundle, lang string) func(n int) form {
	localizer := i18n.NewLocalizer(bundle, lang)
	names := map[string]form{"other": other, "zero": zero, "one": one, "two": two, "few": few, "many": many}
	ask := func(n int) form {
		name, err := localizer.Localize(&i18n.LocalizeConfig{PluralCount: n, DefaultMessage: &i18n.Message{
			ID: "plural form", Zero: "zero", One: "one", Two: "two", Few: "few", Many: "many", Other: "other",
		}})
		if err != nil {
			return other
		}
		return names[name]
	}
	var small [256]form
	for n := range small {
		small[n] = ask(n)
	}
	return func(n int) form {
		if n >= 0 && n < len(small) {
			return small[n]
		}
		return ask(n)
	}
}
