package search

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

var noon = time.Date(2026, time.March, 4, 12, 0, 0, 0, time.UTC)

// shelf is an Index with names for its posts.
type shelf struct {
	*Index
	t     testing.TB
	now   time.Time
	seq   int64
	posts map[board.PostID]board.Post
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	s := &shelf{t: t, now: noon, posts: map[board.PostID]board.Post{}}
	index, err := New(t.Context(), func() time.Time { return s.now }, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s.Index = index
	t.Cleanup(func() {
		if err := index.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *shelf) add(p board.Post) board.Post {
	s.seq++
	p.ID, p.Seq = board.NewPostID(), s.seq
	p.Thread = p.ID
	if p.Board == "" {
		p.Board = board.Home
	}
	p.Life.Since = s.now
	s.posts[p.ID] = p
	s.Add(p)
	return p
}

func (s *shelf) say(body string) board.Post { return s.add(board.Post{Body: body}) }

func (s *shelf) find(q board.Search) []string {
	s.t.Helper()
	if q.Board == "" {
		q.Board = board.Home
	}
	if q.Limit == 0 {
		q.Limit = 50
	}
	f, err := s.Find(s.t.Context(), q)
	if err != nil {
		s.t.Fatal(err)
	}
	var bodies []string
	for _, id := range f.IDs {
		bodies = append(bodies, s.posts[id].Body)
	}
	return bodies
}

func (s *shelf) drop(p board.Post) {
	s.Drop([]board.Ending{{ID: p.ID, Thread: p.Thread, Board: p.Board}})
}

func typing(q string) board.Search { return board.Search{Narrow: board.Narrow{Words: q}} }

func TestWordsAreFoundAsPeopleTypeThem(t *testing.T) {
	s := newShelf(t)
	const (
		lemons = "Someone left a bag of lemons on every doorstep. #Lemons"
		cafe   = "Un caffè al Café Müller, perché no? #été"
		tokyo  = "東京都の図書館は静かだ"
		thai   = "สวัสดีครับทุกคน"
		hindi  = "नमस्ते दुनिया"
		arabic = "صَباحُ الخَير يا جيران"
		hangul = "한국어로 말해요"
		emoji  = "🍋🍋 on the stairs"
		wide   = "ＦＵＬＬ width #１st"
	)
	for _, body := range []string{lemons, cafe, tokyo, thai, hindi, arabic, hangul, emoji, wide} {
		s.say(body)
	}
	for _, tt := range []struct {
		q    string
		want string // "": nothing
	}{
		{"lemons", lemons},
		{"LEMONS bag", lemons},
		{"lem", lemons},
		{"lem*", lemons},
		{"lem bag", ""},
		{"lem* bag", lemons},
		{`"bag of lemons"`, lemons},
		{`"lemons of bag"`, ""},
		{`"bag of lem"`, ""},
		{"lemons caffe", ""},
		{"#lemons", lemons},
		{"#lemon", ""},
		{"caffe muller", cafe},
		{"caffè müller", cafe},
		{"#ete", cafe},
		{"東京", tokyo},
		{"京都", tokyo},
		{"館", tokyo},
		{"図書館", tokyo},
		{"だ", tokyo},
		{"都京", ""},
		{"สวัสดี", thai},
		{"नमस्ते", hindi},
		{"صباح", arabic},
		{"한국어로", hangul},
		{"한국", ""},
		{"한국어", hangul},
		{"🍋", emoji},
		{"full", wide},
		{"home", ""},
		{"whome", ""},
		{"bhome", ""},
		{"", ""},
		{"  *** !! ", ""},
		{"NOT lemons", ""},
		{"lemons OR caffe", ""},
	} {
		var want []string
		if tt.want != "" {
			want = []string{tt.want}
		}
		if got := s.find(typing(tt.q)); !slices.Equal(got, want) {
			t.Errorf("%q finds %q, want %q", tt.q, got, want)
		}
	}
}

func TestATagAPlaceAndABoardNarrow(t *testing.T) {
	s := newShelf(t)
	s.add(board.Post{Body: "one #bikes", Place: "Old Harbour"})
	s.add(board.Post{Body: "two #bikes #lost"})
	s.add(board.Post{Body: "three #bikes", Board: "night-shift"})
	s.add(board.Post{Body: "four, of bikes", Place: "Library"})
	for _, tt := range []struct {
		q    board.Search
		want []string
	}{
		{board.Search{Narrow: board.Narrow{Tag: "bikes"}}, []string{"two #bikes #lost", "one #bikes"}},
		{board.Search{Narrow: board.Narrow{Tag: "bikes"}, Board: "night-shift"}, []string{"three #bikes"}},
		{board.Search{Narrow: board.Narrow{Place: "old-harbour"}}, []string{"one #bikes"}},
		{board.Search{Narrow: board.Narrow{Place: "library", Tag: "bikes"}}, nil},
		{board.Search{Narrow: board.Narrow{Words: "bikes", Place: "library"}}, []string{"four, of bikes"}},
		{board.Search{Narrow: board.Narrow{Tag: "bikes"}, Before: 2}, []string{"one #bikes"}},
		{board.Search{Narrow: board.Narrow{Tag: "bikes"}, Limit: 1}, []string{"two #bikes #lost"}},
		{board.Search{}, nil},
	} {
		if got := s.find(tt.q); !slices.Equal(got, tt.want) {
			t.Errorf("%+v finds %q, want %q", tt.q, got, tt.want)
		}
	}
}

func TestWhatNobodyMayFindIsNotTakenIn(t *testing.T) {
	s := newShelf(t)
	s.add(board.Post{Body: "secret #secret", Unlisted: true})
	s.add(board.Post{Body: "secret #secret", ViewOnce: true})
	s.Add(board.Post{ID: board.NewPostID(), Thread: board.NewPostID(), Body: "secret #secret", Board: board.Home, Seq: 9})
	if got := s.find(typing("secret")); got != nil || s.Rising(board.Home) != nil {
		t.Errorf("found %q, rising %v", got, s.Rising(board.Home))
	}
}

func TestWhatEndedIsNotFoundAndItsWordsLeaveMemory(t *testing.T) {
	s := newShelf(t)
	kept, gone := s.say("a word that stays #both"), s.say("a word that goes #both")
	s.say("third #both")
	if got := s.find(typing("word")); len(got) != 2 {
		t.Fatalf("found %q before", got)
	}
	s.drop(gone)
	s.drop(gone) // twice is once
	if got := s.find(typing("word")); !slices.Equal(got, []string{kept.Body}) {
		t.Errorf("found %q, want the living alone", got)
	}
	if got := s.Rising(board.Home); !slices.Equal(got, []board.Rising{{Tag: "both", Posts: 2}}) {
		t.Errorf("rising %v", got)
	}
	var n int
	s.settleAll(t.Context())
	if err := s.db.QueryRow("SELECT count(*) FROM docs").Scan(&n); err != nil || n != 2 {
		t.Errorf("%d documents are kept, want 2; %v", n, err)
	}
}

// TestWhatEndsWhileTheIndexIsFilledStaysGone lets a post end between the reading of
// it and its taking in.
func TestWhatEndsWhileTheIndexIsFilledStaysGone(t *testing.T) {
	s := newShelf(t)
	p := board.Post{ID: board.NewPostID(), Seq: 1, Board: board.Home, Body: "ended early"}
	p.Thread = p.ID
	q := board.Post{ID: board.NewPostID(), Seq: 2, Board: board.Home, Body: "alive"}
	q.Thread = q.ID
	s.posts[p.ID], s.posts[q.ID] = p, q
	err := s.Fill(t.Context(), source(func(after int64) []board.Post {
		if after > 0 {
			return nil
		}
		s.drop(p)
		s.Add(q) // born meanwhile, and read as well
		return []board.Post{p, q}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if got := append(s.find(typing("ended")), s.find(typing("alive"))...); !slices.Equal(got, []string{"alive"}) {
		t.Errorf("found %q", got)
	}
}

type source func(after int64) []board.Post

func (f source) Living(_ context.Context, after int64, _ time.Time) ([]board.Post, error) {
	return f(after), nil
}

func TestTagsRiseByUseOfLate(t *testing.T) {
	s := newShelf(t)
	for range 5 {
		s.say("#yesterday")
	}
	s.now = s.now.Add(24 * time.Hour)
	s.say("#now, again #NOW")
	s.say("#now")
	s.say("#alone")
	s.add(board.Post{Body: "#now", Board: "elsewhere"})
	want := []board.Rising{{Tag: "now", Posts: 2}, {Tag: "yesterday", Posts: 5}}
	if got := s.Rising(board.Home); !slices.Equal(got, want) {
		t.Errorf("rising %v, want %v", got, want)
	}
}

// vocabulary are 30,000 words, as often the letters of some language.
var vocabulary = func() []string {
	random := rand.New(rand.NewPCG(1, 2))
	list := make([]string, 30_000)
	for i := range list {
		w := make([]byte, 2+random.IntN(9))
		for j := range w {
			w[j] = "etaoinshrdlucmfwypvbgkqjxz"[int(26*random.Float64()*random.Float64())]
		}
		list[i] = string(w)
	}
	return list
}()

// said is what somebody might write.
func said(random *rand.Rand) string {
	var b strings.Builder
	for range 8 + random.IntN(30) {
		r := random.Float64()
		b.WriteString(vocabulary[int(float64(len(vocabulary))*r*r*r*r)] + " ")
	}
	fmt.Fprintf(&b, "#tag%d", random.IntN(500))
	return b.String()
}

// full is an Index of n posts such as people write.
func full(t testing.TB, n int) *shelf {
	s := newShelf(t)
	random := rand.New(rand.NewPCG(1, 2))
	source := source(func(after int64) []board.Post {
		var page []board.Post
		for i := after; i < min(after+2000, int64(n)); i++ {
			p := board.Post{ID: board.NewPostID(), Seq: i + 1, Board: board.Home, Body: said(random)}
			p.Thread = p.ID
			p.Life.Since = s.now
			page = append(page, p)
		}
		return page
	})
	start := time.Now()
	before := memory(t)
	if err := s.Fill(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d posts: taken in in %v, %d MB", n, time.Since(start).Round(time.Millisecond), (memory(t)-before)>>20)
	return s
}

// memory is what this process holds, in bytes.
func memory(t testing.TB) int64 {
	debug.FreeOSMemory()
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip("no /proc here")
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(data), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// queries are what strangers type, one a line.
func queries(t testing.TB) []string {
	file, err := os.Open("testdata/queries.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var list []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		list = append(list, lines.Text())
	}
	return append(list, strings.Repeat("e* ", 60), strings.Repeat("#tag1 ", 30), strings.Repeat("a", 5000), strings.Repeat(`"e t"`, 50), "\xff\xfe", "the")
}

func TestNothingThatIsTypedIsAnError(t *testing.T) {
	s := newShelf(t)
	s.say("secret words, body and rowid: a b c d #a")
	for _, q := range queries(t) {
		if _, err := s.Find(t.Context(), board.Search{Board: board.Home, Narrow: board.Narrow{Words: q}, Limit: 51}); err != nil {
			t.Errorf("%q: %v", q, err)
		}
	}
	if got := s.find(typing("secret")); len(got) != 1 {
		t.Errorf("afterwards %q is found", got)
	}
}

func FuzzFind(f *testing.F) {
	for _, q := range queries(f) {
		f.Add(q, "a body with #tags and 東京")
	}
	s := newShelf(f)
	f.Fuzz(func(t *testing.T, q, body string) {
		p := s.say(body)
		defer s.drop(p)
		if _, err := s.Find(t.Context(), board.Search{Board: board.Home, Narrow: board.Narrow{Words: q}, Limit: 51}); err != nil {
			t.Errorf("%q: %v", q, err)
		}
	})
}

// TestNothingOfTheIndexIsAFile looks at the files that the process holds open while
// the index is full and is asked for much.
func TestNothingOfTheIndexIsAFile(t *testing.T) {
	files := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("no /proc here")
		}
		n := 0
		for _, f := range list {
			if to, err := os.Readlink("/proc/self/fd/" + f.Name()); err == nil && strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "/dev/") {
				n++
			}
		}
		return n
	}
	before := files()
	t.Setenv("SQLITE_TMPDIR", t.TempDir())
	s := full(t, 5000)
	for _, q := range queries(t) {
		s.find(typing(q))
	}
	if after := files(); after > before {
		t.Errorf("%d more files are open", after-before)
	}
	var file string
	if err := s.db.QueryRow("SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&file); err != nil || file != "" {
		t.Errorf("the database is in %q, %v", file, err)
	}
}

func BenchmarkFind(b *testing.B) {
	s := full(b, 100_000)
	for _, q := range queries(b) {
		name := q[:min(len(q), 24)]
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Find(b.Context(), board.Search{Board: board.Home, Narrow: board.Narrow{Words: q}, Limit: 51}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestAMassEndingHidesNothingAndFailsNobody asks while most of the endings are still
// to be taken in: the newest posts, all that a first look would see, are gone.
func TestAMassEndingHidesNothingAndFailsNobody(t *testing.T) {
	s := newShelf(t)
	s.askTime = time.Minute // how far a slow machine comes in askTime is not asked here
	kept := s.say("the same word")
	var ended []board.Ending
	for range 20_000 {
		p := s.say("the same word again and again")
		ended = append(ended, board.Ending{ID: p.ID, Thread: p.ID, Board: board.Home})
	}
	s.settleAll(t.Context()) // the births are in
	s.Drop(ended)
	if got := s.find(typing("same")); !slices.Equal(got, []string{kept.Body}) {
		t.Errorf("found %d posts, want the one that lives", len(got))
	}
	if len(s.waiting) != len(ended) {
		t.Error("whoever asked was made to wait for the endings")
	}
}

// TestAQuestionThatTakesTooLongIsAnsweredWithWhatWasFound has no time at all.
func TestAQuestionThatTakesTooLongIsAnsweredWithWhatWasFound(t *testing.T) {
	s := newShelf(t)
	s.say("the same word")
	s.askTime = 0
	q := typing("same")
	q.Limit = 50
	f, err := s.Find(t.Context(), q)
	if err != nil || f.More || len(f.IDs) > 0 {
		t.Errorf("%+v, %v", f, err)
	}
}
