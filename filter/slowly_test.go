package filter

import (
	"context"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mayfly/board"
	"mayfly/board/boardtest"
)

type stored []board.Filter

func (s stored) Filters(context.Context) ([]board.Filter, error) { return s, nil }

// some are the filters that a host may well have.
var some = stored{
	{Text: "spam*", Action: board.Block},
	{Text: "cazzo", Action: board.Block},
	{Text: "kill yourself", Action: board.Care},
	{Text: "badword", Action: board.Hold},
	{Text: "блин", Action: board.Mask},
	{Text: "lemon", Action: board.Mask},
	{Text: "🥁", Action: board.Mask},
	{Text: "cantin*", Action: board.Mask},
	{Text: `buy\s+now`, Pattern: true, Action: board.Block},
	{Text: `(roll|cup)s?`, Pattern: true, Action: board.Mask},
	{Text: `\bд\pL+м\b`, Pattern: true, Action: board.Mask},
}

// BenchmarkPass has what a draft goes through here, on a board without filters and on one with some.
func BenchmarkPass(b *testing.B) {
	none, err := New(b.Context(), stored{})
	if err != nil {
		b.Fatal(err)
	}
	several, err := New(b.Context(), some)
	if err != nil {
		b.Fatal(err)
	}
	for name, text := range boardtest.Writing(b) {
		d := board.Draft{Body: text}
		for pass, f := range map[string]func(){
			"normal":    func() { none.Normal(text) },
			"read-none": func() { none.Read(board.Home, d, true) },
			"read-some": func() { several.Read(board.Home, d, true) },
		} {
			b.Run(pass+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					f()
				}
			})
		}
	}
}

// unitsSlowly reads a text letter by letter.
func unitsSlowly(text string) (units []unit, bones string) {
	for i, r := range text {
		_, n := utf8.DecodeRuneInString(text[i:])
		for _, u := range appendRead(nil, r) {
			u.from, u.to = int32(i), int32(i+n)
			units = append(units, u)
		}
	}
	for i := range units {
		units[i].at = int32(len(bones))
		bones += string(units[i].r)
	}
	for i := len(units) - 1; i >= 0; i-- {
		units[i].row = int32(i + 1)
		if i+1 < len(units) && units[i+1].r == units[i].r {
			units[i].row = units[i+1].row
		}
	}
	return units, bones
}

// privateSlowly looks for each clue, whatever is in a text.
func privateSlowly(text string) []board.Private {
	text = visibleSlowly(text)
	var found []board.Private
	for _, c := range clues {
		c.looks = slices.Clone(c.looks)
		for i := range c.looks {
			c.looks[i].some = nil
		}
		if c.in(text) {
			found = append(found, c.kind)
		}
	}
	for _, at := range handles.FindAllStringSubmatch(text, hitsMax) {
		if !nobodies.MatchString(at[1]) {
			return append(found, board.PrivateHandle)
		}
	}
	return found
}

func visibleSlowly(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= utf8.RuneSelf && r != '\u3099' && r != '\u309A' && unseenSlowly(r):
			return -1
		case unicode.IsDigit(r):
			return '0' + value(r)
		}
		return r
	}, norm.NFKC.String(text))
}

func unseenSlowly(r rune) bool {
	if unicode.Is(unicode.Mn, r) {
		return unicode.In(r, unicode.Inherited, unicode.Hebrew, unicode.Arabic, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
	}
	return unicode.In(r, unicode.Me, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// TestWhatTellsNothingHoldsNoMarkInAnyForm has each character.
func TestWhatTellsNothingHoldsNoMarkInAnyForm(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if s := visibleSlowly(string(r)); !telling(r) && strings.ContainsAny(s, digits+"@[(/:=") {
			t.Errorf("%U, which is seen as %q, is to tell something", r, s)
		}
	}
}

func TestWhatIsPlainIsSpeltInOneWay(t *testing.T) {
	for r := range rune(unicode.MaxRune + 1) {
		if p := norm.NFC.PropertiesString(string(r)); board.Plain(r) && (!norm.NFC.IsNormalString(string(r)) || p.CCC() != 0 || !p.BoundaryBefore()) {
			t.Errorf("%U is not plain", r)
		}
	}
}

func normalSlowly(text string) string {
	for range 4 {
		clean, ok := board.CleanText(text)
		if !ok {
			return text
		}
		if clean = norm.NFC.String(clean); clean == text {
			break
		}
		text = clean
	}
	return text
}

func checkSlowly(t testing.TB, text string) {
	t.Helper()
	sk := newSkeleton(text)
	units, bones := unitsSlowly(text)
	if !slices.Equal(sk.units, units) || sk.bones != bones {
		t.Fatalf("%+q reads %+q, want %+q", text, sk.bones, bones)
	}
	if got, want := private(text), privateSlowly(text); !slices.Equal(got, want) {
		t.Fatalf("%+q gives away %v, want %v", text, got, want)
	}
	if got, want := normal(text, board.CleanText), normalSlowly(text); got != want {
		t.Fatalf("the normal form of %+q is %+q, want %+q", text, got, want)
	}
}

func TestTextsAreReadAsLetterByLetter(t *testing.T) {
	for _, text := range boardtest.Writing(t) {
		checkSlowly(t, text)
		checkSlowly(t, text+"\nmary@example.org ０７７００ ９００１２３ 22 Baker Street insta: mary.rossi")
	}
	for c := rune(0); c <= 0x1FFFF; c += 16 {
		if c >= 0x3400 && c%128 != 0 { // they are many, and much alike
			continue
		}
		row := []rune("a")
		for i := range rune(16) {
			row = append(row, c+i)
			if i%4 == 3 {
				row = append(row, '\u0301', c+i, 'A', '1', c+i)
			}
		}
		checkSlowly(t, string(row))
	}
}

func TestAMaskLeavesNoPartOfAReplacementCharacter(t *testing.T) {
	s, err := New(t.Context(), stored{{Text: `spa[^n]`, Pattern: true, Action: board.Mask}})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Read(board.Home, board.Draft{Body: "spa\ufffd!"}, true).Draft.Body; got != "▇▇▇▇!" {
		t.Errorf("it is covered as %+q", got)
	}
}

// TestABoardWithoutFiltersIsReadAsOneWhoseFiltersHitNothing has what comes of a draft in every field.
func TestABoardWithoutFiltersIsReadAsOneWhoseFiltersHitNothing(t *testing.T) {
	none, err := New(t.Context(), stored{})
	if err != nil {
		t.Fatal(err)
	}
	idle, err := New(t.Context(), stored{{Text: "zzyzx", Action: board.Block}, {Text: `zzy+zx`, Pattern: true, Action: board.Block}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range boardtest.Writing(t) {
		for _, d := range []board.Draft{{Body: text}, {Body: "mary@example.org", Warning: text, Alt: "call +39 333 1234567"}} {
			for _, guard := range []bool{true, false} {
				got, want := none.Read(board.Home, d, guard), idle.Read(board.Home, d, guard)
				if got.Draft != want.Draft || !slices.Equal(got.Private, want.Private) || got.Refused+want.Refused != "" {
					t.Errorf("without filters: %+v\nwith idle ones: %+v", got, want)
				}
			}
		}
	}
}

func FuzzPass(f *testing.F) {
	for _, text := range boardtest.Writing(f) {
		f.Add(text[:140])
	}
	for _, text := range []string{"", "\xff", "mary@\u200bexample.co.uk", "０７７００ ９００１２３", "aAa1!|€ßſ", "e\u0301e\u0301", "か\u3099", "🄰🇦"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { checkSlowly(t, text) })
}
