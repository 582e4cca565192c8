package board

// Standing says who may read what lives. It lengthens no life: what is held or hidden
// ends on time like anything else.
type Standing string

// The standings of a post or reply.
const (
	Shown  Standing = ""       // everybody may
	Held   Standing = "held"   // its author alone knows of it, until an admin lets it through
	Hidden Standing = "hidden" // everybody sees that it is there, its author alone its words, until an admin has looked
)

// ErrHidden refuses to do something with a post or thread that is out of sight.
var ErrHidden = &Error{Kind: Shut, Code: "error.hidden"}

// ErrDecided says that somebody else was quicker, or that there is nothing to decide.
var ErrDecided = &Error{Kind: Decided, Code: "error.decided"}

// InSight says whether everybody may read p: neither it nor its thread is held or
// hidden.
func (p Post) InSight() bool { return p.Standing == Shown && p.Under == Shown }

// For is p as visitor v may see it: whole if it is in sight or theirs. Of what is held
// nobody else hears; of what is hidden they see that it is there, and no word.
func (p Post) For(v Visitor) (Post, error) {
	switch {
	case p.InSight() || p.OwnedBy(v):
		return p, nil
	case p.Standing == Held || p.Under == Held:
		return Post{}, ErrNotFound
	}
	return p.veil(), nil
}

// veil keeps of p that it is there, and how long.
func (p Post) veil() Post {
	return Post{
		ID: p.ID, Board: p.Board, Thread: p.Thread, Life: p.Life, Unlisted: p.Unlisted,
		Standing: Hidden, Veiled: true,
	}
}

// repliesFor are those of a thread's replies that visitor v may know of.
func repliesFor(v Visitor, replies []Post) []Post {
	seen := make([]Post, 0, len(replies))
	for _, r := range replies {
		r.Under = Shown // whoever sees the thread's post sees it
		if r, err := r.For(v); err == nil {
			seen = append(seen, r)
		}
	}
	return seen
}
