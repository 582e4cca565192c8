package filter_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"mayfly/alike"
	"mayfly/board"
	"mayfly/filter"
	"mayfly/live"
	"mayfly/search"
	"mayfly/storage"
	"mayfly/storage/keys"
)

// entry is a text of the corpus, and what is to become of it.
type entry struct {
	Name   string `json:"name"`
	Text   []byte `json:"text_b64"`
	Expect string `json:"expect"`
}

func corpus(t *testing.T) []entry {
	t.Helper()
	text, err := os.ReadFile("testdata/unicode.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// newBoard is a board as it is served: real store, real index, real filters.
func newBoard(t *testing.T) *board.Board {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	folder, err := keys.OpenFolder(filepath.Join(dir, "keys"), filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	slots, err := folder.Slots(log)
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.OpenSQLite(t.Context(), filepath.Join(dir, "data"), slots, log)
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC) }
	index, err := search.New(t.Context(), now, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(index.Close(), store.Close(), slots.Close()); err != nil {
			t.Error(err)
		}
	})
	screen, err := filter.New(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	settings := board.DefaultSettings()
	settings.PostChars = postChars
	hub := live.NewHub(nothing{}, log)
	return board.New(store, board.Together{Finder: index, Alikes: alike.New()}, screen, nil, hub, func(string) board.Settings { return settings }, now, log)
}

// postChars is as long as a host may let posts be.
const postChars = 10_000

// nothing draws no news: nobody listens.
type nothing struct{ live.Drawer }

func TestEveryEntryOfTheCorpusStaysOrIsRefusedAsItSays(t *testing.T) {
	b := newBoard(t)
	if err := b.AddFilter(t.Context(), "test", board.Filter{Text: "badword", Action: board.Mask}); err != nil {
		t.Fatal(err)
	}
	v := board.NewVisitor(b.Now())
	entries := corpus(t)
	if len(entries) < 65 {
		t.Fatalf("only %d entries", len(entries))
	}
	for _, e := range entries {
		t.Run(e.Name, func(t *testing.T) {
			start := time.Now()
			p, _, err := b.Create(t.Context(), board.Home, v, board.Draft{Body: string(e.Text), Confirm: true})
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			if refusable(e) {
				if bad, ok := errors.AsType[*board.Error](err); err != nil && (!ok || bad.Kind != board.Invalid) {
					t.Fatalf("refused with %v", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(e.Expect, "refused as empty") && err == nil {
				t.Fatalf("%+q was taken as %+q", e.Text, p.Body)
			}
			if err != nil {
				return
			}
			stored, err := b.Post(t.Context(), p.ID, v)
			if err != nil || stored.Body != p.Body {
				t.Fatalf("stored is %+q, answered %+q: %v", stored.Body, p.Body, err)
			}
			checkEntry(t, e, stored.Body)
		})
	}
}

// refusable says whether an entry may be refused.
func refusable(e entry) bool {
	long := utf8.RuneCount(e.Text) > postChars
	return long || strings.HasPrefix(e.Expect, "refused") || strings.Contains(e.Expect, "or refused") || !utf8.Valid(e.Text)
}

// checkEntry holds what was stored against what an entry says.
func checkEntry(t *testing.T, e entry, body string) {
	t.Helper()
	text := string(e.Text)
	checkKept(t, body)
	switch {
	case strings.HasPrefix(e.Expect, "unchanged"):
		if body != text {
			t.Errorf("%+q became %+q", text, body)
		}
	case strings.HasPrefix(e.Expect, "word filter sees badword"):
		if strings.Trim(body, "▇") != "" {
			t.Errorf("the filter does not see it in %+q: %+q", text, body)
		}
	case strings.Contains(e.Expect, "dropped"):
		if len(body) >= len(text) {
			t.Errorf("nothing was dropped from %+q", text)
		}
	case e.Expect == "at most 2 empty lines in a row":
		if strings.Contains(body, "\n\n\n\n") {
			t.Errorf("%+q has more", body)
		}
	case e.Expect == "same under search":
		if parts := strings.Fields(body); parts[0] != parts[1] {
			t.Errorf("%+q and %+q are two", parts[0], parts[1])
		}
	case e.Expect == "allowed, harmless", e.Expect == "bounded":
		if body == "" {
			t.Error("nothing is left")
		}
	}
}

// checkKept holds a text that was kept against R63.
func checkKept(t interface {
	Helper()
	Errorf(format string, args ...any)
}, body string,
) {
	t.Helper()
	if !utf8.ValidString(body) || !norm.NFC.IsNormalString(body) {
		t.Errorf("%+q is no UTF-8 in NFC", body)
	}
	marks := 0
	for _, r := range body {
		switch {
		case r != '\n' && unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069',
			r == '\u200B', r == '\u2060', r == '\uFEFF', r >= 0xE0100 && r <= 0xE01EF, unicode.Is(unicode.Noncharacter_Code_Point, r):
			t.Errorf("%+q holds %U", body, r)
		case unicode.Is(unicode.Variation_Selector, r), unicode.Is(unicode.Cf, r):
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > 4 {
				t.Errorf("%+q holds a tower of marks", body)
			}
		default:
			marks = 0
		}
	}
}

func TestRealWritingStaysByteForByte(t *testing.T) {
	var s filter.Screen
	for _, text := range honest(t) {
		if want := norm.NFC.String(text); s.Normal(text) != want {
			t.Errorf("%+q became %+q", text, s.Normal(text))
		}
	}
}

func TestNormalIsReachedOnce(t *testing.T) {
	var s filter.Screen
	pieces := []string{
		"a", "e", "\u0301", "\u0323", "\u0958", "\ufb2c", "\u1100", "\u1161", "\u11a8", "\u09c7", "\u09be", "\u0f73", "\U0001d160", "\u0344",
		"\u200d", "\u200c", "\ufe0f", "\x00", " ", "\n", "\u202e", "\U0001f468", "\U0001f3fd", "\u0627", "\u0653", "\u212b", "\u034f", "\u0345",
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.SampledFrom(pieces)), func(s []string) string { return strings.Join(s, "") })).Draw(t, "text")
		once := s.Normal(text)
		if twice := s.Normal(once); twice != once {
			t.Fatalf("%+q is %+q once and %+q twice", text, once, twice)
		}
		checkKept(t, once)
		if clean, _ := board.CleanText(once); clean != once {
			t.Fatalf("%+q is not clean: %+q", once, clean)
		}
	})
}
