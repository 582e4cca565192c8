package filter

import (
	"strings"

	"mayfly/board"
)

// literal is a word or phrase to look for, in whatever dress it comes.
type literal struct {
	needs        []need
	openL, openR bool // a star: the word may go on there
	letters      int
}

// need is what has to stand next: a letter n times, a sign, or room between words.
type need struct {
	r    rune
	n    int
	sign bool
	gap  bool
}

// newLiteral reads a word such as "spam", "spam*" or "buy now".
func newLiteral(text string) (*literal, error) {
	text = strings.TrimSpace(text)
	l := &literal{}
	text, l.openL = strings.CutPrefix(text, "*")
	text, l.openR = strings.CutSuffix(text, "*")
	s := newSkeleton(strings.TrimSpace(text))
	for i := range s.units {
		l.add(&s.units[i])
	}
	if n := len(l.needs); n > 0 && l.needs[n-1].gap {
		l.needs = l.needs[:n-1]
	}
	if len(l.needs) == 0 {
		return nil, board.UnfitFilter("nothing")
	}
	return l, nil
}

func (l *literal) add(u *unit) {
	last := need{gap: true}
	if n := len(l.needs); n > 0 {
		last = l.needs[n-1]
	}
	switch {
	case u.class != apart:
		l.letters++
		if last.r == u.r && !last.gap && !last.sign {
			l.needs[len(l.needs)-1].n++
			return
		}
		l.needs = append(l.needs, need{r: u.r, n: 1})
	case isSpace(u.r):
		if !last.gap {
			l.needs = append(l.needs, need{gap: true})
		}
	default:
		l.needs = append(l.needs, need{r: u.r, n: 1, sign: true})
	}
}

func isSpace(r rune) bool {
	return r == ' ' || r == '\n' || r == '\t' || r == '\u00a0' || r == '\u3000'
}

// steps bounds the work that one place in a text may cause.
const steps = 24

// at returns where the literal ends that begins at unit i, or -1.
func (l *literal) at(units []unit, i int) int {
	if !l.openL && i > 0 && units[i-1].class == letter && !dense(units[i].r) {
		return -1
	}
	if i > 1 && reads(&units[i-1], l.needs[0].r) && reads(&units[i-2], l.needs[0].r) { // a row was tried from its start
		return -1
	}
	w := walk{l: l, units: units, left: steps + 4*len(l.needs)}
	end := w.joined(0, i, tally{})
	if end < 0 && l.letters >= 3 {
		end = l.spread(units, i)
	}
	if end < 0 || !l.openR {
		return end
	}
	return rest(units, end)
}

// longest bounds how much of a word a star stands for.
const longest = 64

// rest is where the word ends that goes on at unit j.
func rest(units []unit, j int) int {
	top := min(len(units), j+longest)
	for j < top && units[j].class == letter && !dense(units[j-1].r) {
		j++
	}
	return j
}

// ends says whether a word may end before unit j.
func (l *literal) ends(units []unit, j int) bool {
	return l.openR || j == len(units) || units[j].class != letter || dense(units[j-1].r)
}

// tally is how a text had to be read so far.
type tally struct {
	letters int // as they stand
	guessed int // signs that were taken for letters
	doubled int // letters that stand twice where the word has one
}

// believed says whether more was read than guessed. One double letter is spelling
// (lose, loose); two are a disguise.
func (t tally) believed() bool { return t.guessed <= t.letters && t.doubled != 1 }

// walk looks for a literal whose letters stand side by side, with no more than signs
// such as dots between them.
type walk struct {
	l     *literal
	units []unit
	left  int
}

// joined goes on with need k at unit i, and returns the end or -1.
func (w *walk) joined(k, i int, t tally) int {
	if w.left--; w.left < 0 {
		return -1
	}
	if k == len(w.l.needs) {
		if t.believed() && w.l.ends(w.units, i) {
			return i
		}
		return -1
	}
	n := w.l.needs[k]
	if n.gap {
		for i < len(w.units) && w.units[i].class == apart && w.units[i].alt[0] == 0 {
			i++
		}
		return w.joined(k+1, i, t)
	}
	if n.sign {
		if i < len(w.units) && w.units[i].r == n.r {
			return w.joined(k+1, i+1, t)
		}
		return -1
	}
	if k > 0 && !w.l.needs[k-1].gap {
		i = w.past(i)
	}
	return w.run(k, i, t)
}

// run takes as many of a letter as the word has, or a whole row of it, as only a
// disguise would have.
func (w *walk) run(k, i int, t tally) int {
	n := w.l.needs[k]
	guesses, c := 0, 0
	for ; i < len(w.units); i++ {
		u := &w.units[i]
		ok, guessed := u.is(n.r)
		inside := k > 0 && (k < len(w.l.needs)-1 || c+1 < n.n)
		if !ok && (u.r != '*' || !inside) || ok && guessed && !inside && (u.r == '!' || u.r == '|') { // they end sentences
			break
		}
		if !ok || guessed && !plain(u.r) {
			guesses++
		}
		if c++; c == n.n {
			if end := w.joined(k+1, i+1, t.with(guesses, c, n.n)); end >= 0 || w.left < 0 {
				return end
			}
		}
		if c == n.n+steps { // somebody held a key down
			i = int(u.row)
			break
		}
		if c < n.n {
			i = w.past(i+1) - 1
		}
	}
	if c <= n.n {
		return -1
	}
	return w.joined(k+1, i, t.with(guesses, c, n.n))
}

// with counts one more need: c letters where the word has n.
func (t tally) with(guesses, c, n int) tally {
	guesses = min(guesses, n)
	t.guessed += guesses
	t.letters += n - guesses
	if c > n && c < 3 {
		t.doubled++
	}
	return t
}

func reads(u *unit, r rune) bool {
	ok, _ := u.is(r)
	return ok
}

// plain says whether a sign within a word can only be meant as a letter. A digit can
// be a digit.
func plain(r rune) bool { return r == '@' || r == '$' || r == '€' }

// past skips signs that stand between two letters of a word: b.a.d, ba-d.
func (w *walk) past(i int) int {
	for j := i; j < len(w.units) && j < i+3; j++ {
		u := &w.units[j]
		if u.class != apart || u.guess {
			return j
		}
		if !strings.ContainsRune(".-_~·•=+^/\\‐‑–—", u.r) {
			break
		}
	}
	return i
}

// spread looks for a literal whose letters all stand apart: b a d, b aaa d.
func (l *literal) spread(units []unit, i int) int {
	var t tally
	first := true
	for k, n := range l.needs {
		if n.gap || n.sign {
			continue
		}
		if !first {
			next := over(units, i)
			if next == i {
				return -1
			}
			i = next
		}
		first = false
		c, guesses := 0, 0
		for i < len(units) {
			ok, guessed := units[i].is(n.r)
			if !ok {
				break
			}
			if guessed && !plain(units[i].r) {
				guesses++
			}
			if c++; c == n.n+steps {
				i = int(units[i].row)
				break
			}
			i++
			next := over(units, i)
			if last := k == len(l.needs)-1 && c >= n.n; !last && next < len(units) && reads(&units[next], n.r) {
				i = next
			}
		}
		if c < n.n {
			return -1
		}
		t = t.with(guesses, n.n, n.n)
	}
	if !t.believed() || !l.ends(units, i) {
		return -1
	}
	return i
}

// over skips what stands between letters that stand apart.
func over(units []unit, i int) int {
	j := i
	for j < len(units) && j < i+3 && units[j].class == apart && !units[j].guess {
		j++
	}
	return j
}
