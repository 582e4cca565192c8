package board

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestDraftCheckFillsInAndRefuses(t *testing.T) {
	s := DefaultSettings()
	s.PostChars = 10
	for _, tt := range []struct {
		name  string
		draft Draft
		want  Draft
		bad   map[string]string // code by field
	}{
		{"defaults", Draft{Body: "hello"}, Draft{Body: "hello", TTL: day}, nil},
		{"cleaned", Draft{Body: " hi\r\n\x00you "}, Draft{Body: "hi\nyou", TTL: day}, nil},
		{"the shortest life", Draft{Body: "a", TTL: time.Minute}, Draft{Body: "a", TTL: time.Minute}, nil},
		{"the longest life", Draft{Body: "a", TTL: 7 * day}, Draft{Body: "a", TTL: 7 * day}, nil},
		{"too short a life", Draft{Body: "a", TTL: time.Minute - 1}, Draft{}, map[string]string{"ttl": "error.ttl"}},
		{"too long a life", Draft{Body: "a", TTL: 7*day + 1}, Draft{}, map[string]string{"ttl": "error.ttl"}},
		{"a life before birth", Draft{Body: "a", TTL: -time.Hour}, Draft{}, map[string]string{"ttl": "error.ttl"}},
		{"the shortest silence", Draft{Body: "a", Silence: time.Minute}, Draft{Body: "a", TTL: day, Silence: time.Minute}, nil},
		{"too short a silence", Draft{Body: "a", Silence: time.Second}, Draft{}, map[string]string{"silence": "error.silence"}},
		{"too long a silence", Draft{Body: "a", Silence: 8 * day}, Draft{}, map[string]string{"silence": "error.silence"}},
		{"a negative silence", Draft{Body: "a", Silence: -1}, Draft{}, map[string]string{"silence": "error.silence"}},
		{"nothing", Draft{}, Draft{}, map[string]string{"body": "error.body.empty"}},
		{"nothing to be seen", Draft{Body: "\u200b\u2800\u3164"}, Draft{}, map[string]string{"body": "error.body.empty"}},
		{"no UTF-8", Draft{Body: "a\xff"}, Draft{}, map[string]string{"body": "error.body.utf8"}},
		{"as long as may be", Draft{Body: "0123456789"}, Draft{Body: "0123456789", TTL: day}, nil},
		{"as long in characters, longer in bytes", Draft{Body: strings.Repeat("\u00e9", 10)}, Draft{Body: strings.Repeat("\u00e9", 10), TTL: day}, nil},
		{"too long", Draft{Body: "0123456789a"}, Draft{}, map[string]string{"body": "error.body.long"}},
		{"long before cleaning only", Draft{Body: "0123456789" + strings.Repeat(" ", 90)}, Draft{Body: "0123456789", TTL: day}, nil},
		{"everything wrong", Draft{TTL: 1, Silence: 1}, Draft{}, map[string]string{"body": "error.body.empty", "ttl": "error.ttl", "silence": "error.silence"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.draft.Check(s)
			if tt.bad == nil {
				if err != nil || got != tt.want {
					t.Fatalf("%+v, %v; want %+v", got, err, tt.want)
				}
				return
			}
			if kindOf(err) != Invalid {
				t.Fatalf("error %v, want one of kind Invalid", err)
			}
			codes := map[string]string{}
			for _, field := range []string{"body", "ttl", "silence"} {
				if code := problem(err, field); code != "" {
					codes[field] = code
				}
			}
			if !reflect.DeepEqual(codes, tt.bad) {
				t.Errorf("wrong with it: %v, want %v", codes, tt.bad)
			}
		})
	}
}

func TestDraftCheckSaysByHowMuchItIsTooLong(t *testing.T) {
	s := DefaultSettings()
	s.PostChars = 3
	_, err := Draft{Body: "\U0001f98b\U0001f98b\U0001f98b\U0001f98b\U0001f98b"}.Check(s)
	e, _ := err.(*Error) //nolint:errorlint // Check wraps nothing
	want := map[string]any{"max": 3, "over": 2}
	if e == nil || !reflect.DeepEqual(e.Fields["body"].Args, want) {
		t.Errorf("%+v, want args %v", e, want)
	}
}

func TestDraftCheckGivesTheWordsBackWithARefusal(t *testing.T) {
	got, err := Draft{Body: "my words ", TTL: 1}.Check(DefaultSettings())
	if err == nil || got.Body != "my words" {
		t.Errorf("%+v, %v; want the words and an error", got, err)
	}
}

func TestAWarningIsOneLine(t *testing.T) {
	for _, sent := range []string{"loud \n noises", "loud\r\nnoises", "loud\u2028noises", "\tloud\n\n\nnoises\u202e"} {
		got, err := Draft{Body: "a", Warning: sent}.Check(DefaultSettings())
		if err != nil || got.Warning != "loud noises" {
			t.Errorf("%+q became %+q, %v; want one line", sent, got.Warning, err)
		}
	}
}

func FuzzDraftCheck(f *testing.F) {
	for _, seed := range []string{
		"hello", "", "\u200b", "a\r\nb", "\xff", strings.Repeat("\u0301", 50), "\U0001f3f4\U000e0067\U000e007f", "\u202ea\u2028",
	} {
		f.Add(seed, int64(0), int64(0), 1000)
	}
	f.Add("a", int64(time.Hour), int64(-1), 1)
	f.Fuzz(func(t *testing.T, body string, ttl, silence int64, chars int) {
		s := DefaultSettings()
		s.PostChars = min(max(chars, 1), 10_000)
		checkClean(t, body)
		d, err := Draft{Body: body, TTL: time.Duration(ttl), Silence: time.Duration(silence)}.Check(s)
		if err != nil {
			if kindOf(err) != Invalid {
				t.Fatalf("refused with %v, want kind Invalid", err)
			}
			return
		}
		if n := utf8.RuneCountInString(d.Body); n < 1 || n > s.PostChars || looksEmpty(d.Body) {
			t.Fatalf("took %d characters of %d: %+q", n, s.PostChars, d.Body)
		}
		if d.TTL < s.TTLMin || d.TTL > s.TTLMax {
			t.Fatalf("took a ttl of %v", d.TTL)
		}
		if again, err := d.Check(s); err != nil || again != d {
			t.Fatalf("%+v checked twice is %+v, %v", d, again, err)
		}
	})
}

func TestPostIDIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := PostID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		s := id.String()
		if len(s) != 26 || strings.ToLower(s) != s {
			t.Fatalf("%q is not 26 lower-case letters", s)
		}
		if got, err := ParsePostID(s); err != nil || got != id {
			t.Fatalf("%q was read as %v, %v", s, got, err)
		}
	})
}

func TestParsePostIDKnowsOneSpellingOfEachID(t *testing.T) {
	good := NewPostID().String()
	for name, bad := range map[string]string{
		"nothing": "", "short": good[:25], "long": good + "a", "upper case": strings.ToUpper(good), "padded": good[:20] + "======",
		"stray bits": PostID{}.String()[:25] + "b", "a line end": good[:25] + "\n", "a slash": "../" + good[:23], "digits": strings.Repeat("1", 26),
	} {
		if id, err := ParsePostID(bad); err != ErrNotFound || id != (PostID{}) { //nolint:errorlint // the very same error
			t.Errorf("%s: %v, %v; want ErrNotFound itself", name, id, err)
		}
	}
}

// TestR42IDsSayNothing: ids are random in every bit, so that none can be counted
// or guessed from another.
func TestR42IDsSayNothing(t *testing.T) {
	const n = 20_000
	ids := make([]PostID, n)
	var set [128]int
	for i := range ids {
		ids[i] = NewPostID()
		for bit := range set {
			set[bit] += int(ids[i][bit/8]>>(bit%8)) & 1
		}
	}
	for bit, count := range set {
		if count < n*47/100 || count > n*53/100 {
			t.Errorf("bit %d is set in %d of %d ids", bit, count, n)
		}
	}
	rising := 0
	for i := range n - 1 {
		if slices.Compare(ids[i][:], ids[i+1][:]) < 0 {
			rising++
		}
	}
	if rising < n*47/100 || rising > n*53/100 {
		t.Errorf("of %d neighbours %d rise: ids follow birth", n, rising)
	}
}
