package alike

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

func honest(t testing.TB) []string {
	t.Helper()
	b, err := os.ReadFile("testdata/honest.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// campaigns are what raids paste.
var campaigns = []string{
	"This town belongs to us now and every one of you should pack up and leave before the weekend",
	"Join our channel for free coins, only today, everybody who signs up gets two hundred, link in the next post",
	"Your moderators are cowards and this board is dead, come to the other place where nobody deletes the truth",
	"Tutti quelli che scrivono qui sono dei falliti, chiudete questa bacheca e andate a lavorare una buona volta",
	"Do not trust anything you read here, the admins sell your names to the police and laugh about it every night",
}

// disguises are how a copy is dressed up.
var disguises = map[string]func(r *rand.Rand, text string) string{
	"as it is":    func(_ *rand.Rand, s string) string { return s },
	"upper case":  func(_ *rand.Rand, s string) string { return strings.ToUpper(s) },
	"look-alikes": func(r *rand.Rand, s string) string { return swap(r, s, 2, homoglyphs) },
	"leet":        func(r *rand.Rand, s string) string { return swap(r, s, 3, leets) },
	"spaced out":  func(_ *rand.Rand, s string) string { return strings.Join(strings.Split(s, ""), " ") },
	"zero width":  func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, "e", "e\u200d") },
	"accents":     func(_ *rand.Rand, s string) string { return strings.ReplaceAll(s, "o", "o\u0308") },
	"with a tail": func(r *rand.Rand, s string) string {
		return s + fmt.Sprintf(" #%d %c", r.IntN(10_000), 'a'+rune(r.IntN(26)))
	},
	"with a head":  func(r *rand.Rand, s string) string { return fmt.Sprintf("%d!!! ", r.IntN(1000)) + s },
	"a word out":   func(r *rand.Rand, s string) string { return words(r, s, 1, "") },
	"a word other": func(r *rand.Rand, s string) string { return words(r, s, 1, "banana") },
	"two others":   func(r *rand.Rand, s string) string { return words(r, s, 2, "banana") },
	"four others":  func(r *rand.Rand, s string) string { return words(r, s, 4, "banana") },
	"half of it":   func(_ *rand.Rand, s string) string { return s[:len(s)/2] },
	"another way": func(_ *rand.Rand, s string) string {
		w := strings.Fields(s)
		return strings.Join(append(w[len(w)/2:], w[:len(w)/2]...), " ")
	},
	"dressed well": func(r *rand.Rand, s string) string {
		return swap(r, words(r, s, 1, "banana"), 3, homoglyphs) + fmt.Sprint(" ", r.IntN(1000))
	},
}

var (
	homoglyphs = map[rune]rune{'a': 'а', 'e': 'е', 'o': 'о', 'c': 'с', 'p': 'р', 'i': 'і', 'x': 'х', 'y': 'у'}
	leets      = map[rune]rune{'a': '4', 'e': '3', 'o': '0', 's': '5', 't': '7', 'i': '1'}
)

// swap changes one of so many letters of those that can be.
func swap(r *rand.Rand, s string, each int, by map[rune]rune) string {
	return strings.Map(func(l rune) rune {
		if other, ok := by[l]; ok && r.IntN(each) == 0 {
			return other
		}
		return l
	}, s)
}

func words(r *rand.Rand, s string, n int, by string) string {
	w := strings.Fields(s)
	for range n {
		w[r.IntN(len(w))] = by
	}
	return strings.Join(w, " ")
}

func post(text string) board.Post {
	return board.Post{ID: board.NewPostID(), Board: board.Home, Body: text}
}

// TestHonestTextsStandByThemselves: of all pairs of different honest texts none is
// taken for a copy, and of the short ones not even a copy is.
func TestHonestTextsStandByThemselves(t *testing.T) {
	x := New()
	for _, text := range honest(t) {
		if _, n := x.Add(post(text)); n > 0 {
			t.Errorf("%q is folded", text)
		}
	}
	for _, short := range []string{"ok", "+1", "same here", "Good morning everybody", "Buongiorno a tutti", "grazie mille a tutti", "hahahahahahahahahahahahahahahahahahahahahaha", "!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!"} {
		for range 20 {
			if _, n := x.Add(post(short)); n > 0 {
				t.Errorf("%q is folded", short)
				break
			}
		}
	}
}

// TestCopiesAreFolded prints the table of ADR 54 with -v.
func TestCopiesAreFolded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, disguise := range disguises {
		folded, all := 0, 0
		for _, c := range campaigns {
			x := New()
			x.Add(post(c))
			for range 40 {
				all++
				if _, n := x.Add(post(disguise(r, c))); n > 0 {
					folded++
				}
			}
		}
		share := float64(folded) / float64(all)
		t.Logf("%-12s %5.1f %%", name, 100*share)
		least := 0.95
		switch name {
		case "four others":
			least = 0.5
		case "half of it":
			least = 0
		}
		if share < least {
			t.Errorf("%s: %.2f of the copies are folded, want %.2f", name, share, least)
		}
	}
}

func TestAClusterLosesItsHeadAndItsLast(t *testing.T) {
	x := New()
	var ids []board.PostID
	for range 4 {
		p := post(campaigns[0])
		x.Add(p)
		ids = append(ids, p.ID)
	}
	if x.Like(ids[0]) != 3 || x.Head(ids[3]) != ids[0] || x.Like(ids[1]) != 0 || len(x.Cluster(ids[2])) != 4 {
		t.Errorf("head %v has %d like it", x.Head(ids[3]), x.Like(ids[0]))
	}
	x.Drop([]board.Ending{{ID: ids[0]}, {ID: ids[2]}})
	if x.Like(ids[1]) != 1 || x.Head(ids[3]) != ids[1] || x.Head(ids[1]) != (board.PostID{}) {
		t.Error("the next is no head")
	}
	x.Drop([]board.Ending{{ID: ids[1]}, {ID: ids[3]}})
	if len(x.of) != 0 {
		t.Errorf("%d are remembered", len(x.of))
	}
	if _, n := x.Add(post(campaigns[0])); n != 0 {
		t.Error("a copy is folded under what has ended")
	}
}

// TestAHeadThatStaysIsNotedOnceWithTheLastThatLeftIt: it is told of with that one.
func TestAHeadThatStaysIsNotedOnceWithTheLastThatLeftIt(t *testing.T) {
	x := New()
	var ids []board.PostID
	for range 5 {
		p := post(campaigns[0])
		x.Add(p)
		ids = append(ids, p.ID)
	}
	ended := []board.Ending{{ID: ids[1]}, {ID: ids[3]}, {ID: board.NewPostID()}}
	x.Drop(ended)
	if ended[0].Under != (board.PostID{}) || ended[1].Under != ids[0] || ended[1].Rest != 2 || ended[2].Under != (board.PostID{}) {
		t.Errorf("noted: %+v", ended)
	}
	ended = []board.Ending{{ID: ids[2]}, {ID: ids[0]}}
	x.Drop(ended)
	if ended[0].Under != (board.PostID{}) || ended[1].Under != (board.PostID{}) || ended[1].Next != ids[4] || ended[1].Rest != 1 {
		t.Errorf("with its head: %+v", ended)
	}
}

func TestBoardsAreApartAndSomePostsAreInNoFeed(t *testing.T) {
	x := New()
	x.Add(post(campaigns[0]))
	for name, change := range map[string]func(*board.Post){
		"another board": func(p *board.Post) { p.Board = "attic" },
		"view-once":     func(p *board.Post) { p.ViewOnce = true },
		"unlisted":      func(p *board.Post) { p.Unlisted = true },
		"the host's":    func(p *board.Post) { p.Prompt = board.Asking },
		"held":          func(p *board.Post) { p.Standing = board.Held },
	} {
		p := post(campaigns[0])
		change(&p)
		if _, n := x.Add(p); n > 0 {
			t.Errorf("%s: it is folded", name)
		}
	}
}

func TestAnEndingThatOvertakesABirthIsNotLost(t *testing.T) {
	x := New()
	settled := x.Expect()
	first, p := post(campaigns[0]), post(campaigns[0])
	x.Drop([]board.Ending{{ID: p.ID}})
	x.Add(p)
	x.Add(first)
	settled()
	if x.Head(first.ID) != (board.PostID{}) {
		t.Error("it is folded under what has ended")
	}
}

// plain is an Index as one would write it first: a list of clusters, looked through from
// its beginning.
type plain []*struct {
	sign  signature
	posts []board.PostID
}

func (x *plain) add(id board.PostID, s signature) {
	for _, c := range *x {
		if len(c.posts) > 0 && c.sign.common(&s) >= enough {
			c.posts = append(c.posts, id)
			return
		}
	}
	*x = append(*x, &struct {
		sign  signature
		posts []board.PostID
	}{s, []board.PostID{id}})
}

// drop notes what Index.Drop should.
func (x *plain) drop(ended []board.Ending) {
	at := map[board.PostID]int{}
	for i, e := range ended {
		at[e.ID] = i
	}
	for _, c := range *x {
		head, last := -1, -1
		for i, id := range c.posts {
			if n, is := at[id]; is {
				last = max(last, n)
				if i == 0 {
					head = n
				}
			}
		}
		c.posts = slices.DeleteFunc(c.posts, func(id board.PostID) bool { _, is := at[id]; return is })
		switch {
		case last < 0 || len(c.posts) == 0:
		case head >= 0:
			ended[head].Next, ended[head].Rest = c.posts[0], len(c.posts)
		default:
			ended[last].Under, ended[last].Rest = c.posts[0], len(c.posts)-1
		}
	}
}

// TestClustersComeAndGoAsInAPlainList has numbers of clusters given again and again, and
// the Index grow and shrink.
func TestClustersComeAndGoAsInAPlainList(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x, list := New(), plain{}
	var living []board.PostID
	most := 0
	for round := range 60 {
		for range 200 - 3*round {
			text := lines(r, 80)
			if r.IntN(3) == 0 {
				text = campaigns[r.IntN(len(campaigns))]
			}
			p := post(text)
			s, ok := sign(text)
			if !ok {
				t.Fatalf("%q is too short", text)
			}
			x.Add(p)
			list.add(p.ID, s)
			living = append(living, p.ID)
		}
		r.Shuffle(len(living), func(i, j int) { living[i], living[j] = living[j], living[i] })
		ended := make([]board.Ending, r.IntN(len(living)))
		if round%20 == 19 {
			ended = make([]board.Ending, len(living)-r.IntN(3))
		}
		for i := range ended {
			ended[i].ID = living[i]
		}
		living = living[len(ended):]
		want := slices.Clone(ended)
		x.Drop(ended)
		list.drop(want)
		if !slices.Equal(ended, want) {
			t.Fatalf("round %d: what ended is noted otherwise", round)
		}
		most = max(most, len(x.table))
		for _, c := range list {
			for i, id := range c.posts {
				if got := x.Cluster(id); !slices.Equal(got, c.posts) {
					t.Fatalf("round %d: a cluster is %v, want %v", round, got, c.posts)
				}
				if head, like := x.Head(id), x.Like(id); i == 0 && (head != (board.PostID{}) || like != len(c.posts)-1) || i > 0 && (head != c.posts[0] || like != 0) {
					t.Fatalf("round %d: head %v, %d like it", round, head, like)
				}
			}
		}
		if len(x.of) != len(living) {
			t.Fatalf("round %d: %d are remembered, want %d", round, len(x.of), len(living))
		}
	}
	if most == tableLeast {
		t.Error("the table never grew")
	}
}

// TestWhatEndedLeavesNoHashes looks at all that a cluster was kept in.
func TestWhatEndedLeavesNoHashes(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	x := New()
	kept := post(campaigns[1])
	x.Add(kept)
	var ended []board.Ending
	for range 5000 {
		p := post(lines(r, 80))
		x.Add(p)
		ended = append(ended, board.Ending{ID: p.ID})
	}
	for _, e := range ended[:100] {
		x.Drop([]board.Ending{e})
	}
	zero := 0
	for n := number(1); n <= x.slab.last; n++ {
		if *x.slab.at(n) == (cluster{}) {
			zero++
		}
	}
	if zero != 100 || len(x.slab.free) != 100 {
		t.Errorf("%d of 100 are wiped, %d numbers are free", zero, len(x.slab.free))
	}
	x.Drop(ended[100:])
	if x.slab.room() != pageSize || len(x.table) != tableLeast || len(x.of) != 1 || len(x.more) != 0 {
		t.Errorf("one lives in room for %d, a table of %d", x.slab.room(), len(x.table))
	}
	if head, n := x.Add(post(campaigns[1])); head != kept.ID || n != 1 {
		t.Error("the one that lives is found no more")
	}
}

// lines are n letters in no order.
func lines(r *rand.Rand, n int) string {
	text := make([]byte, n)
	for i := range text {
		text[i] = "abcdefghijklmnopqrstuvwxyz "[r.IntN(27)]
	}
	return string(text)
}

func TestAHundredThousandPostsCostSomeMegabytes(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes a while")
	}
	r := rand.New(rand.NewPCG(1, 2))
	letters := []rune("abcdefghijklmnopqrstuvwxyz ")
	measure := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	x, before := New(), measure()
	began := time.Now()
	for range 100_000 {
		text := make([]rune, 80)
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		x.Add(post(string(text)))
	}
	took, used := time.Since(began), measure()-before
	t.Logf("%d MB, %s each", used>>20, took/100_000)
	if used > 20<<20 {
		t.Errorf("%d MB", used>>20)
	}
	runtime.KeepAlive(x)
}

func BenchmarkAdd(b *testing.B) {
	x := New()
	texts := honest(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		x.Add(post(texts[i%len(texts)] + fmt.Sprint(i)))
	}
}

func FuzzAdd(f *testing.F) {
	for _, text := range append(campaigns, "", "\xff\xfe", strings.Repeat("a", 100), "🇮🇹🇮🇹🇮🇹", strings.Repeat("\u0301", 60)) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x := New()
		x.Add(post(text))
		_, n := x.Add(post(strings.ToUpper(text)))
		if _, ok := sign(text); !ok && n > 0 {
			t.Errorf("%q is too short to be alike, and folded", text)
		}
		if s, ok := sign(text); ok && s.common(&s) != hashes {
			t.Errorf("%q is not like itself", text)
		}
	})
}

// BenchmarkDropRaid ends a cluster of many copies at once.
func BenchmarkDropRaid(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		b.StopTimer()
		x := New()
		ended := make([]board.Ending, n)
		for i := range ended {
			p := board.Post{ID: board.NewPostID(), Board: board.Home, Body: campaigns[0]}
			x.Add(p)
			ended[i].ID = p.ID
		}
		b.StartTimer()
		x.Drop(ended)
	}
}

// BenchmarkCollectAMillion is what a million posts cost each collection of garbage.
func BenchmarkCollectAMillion(b *testing.B) {
	const n = 1_000_000
	r := rand.New(rand.NewPCG(1, 2))
	before := heap()
	x := New()
	for range n {
		x.Add(post(lines(r, 80)))
	}
	used := heap() - before
	for b.Loop() {
		runtime.GC()
	}
	b.ReportMetric(float64(used)/n, "B/post")
	runtime.KeepAlive(x)
}

// heap is what lives on it, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
