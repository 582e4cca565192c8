package board

import "time"

// Vote is a visitor's opinion of one post.
type Vote int8

// A heart lends life, a down burns it.
const (
	Down   Vote = -1
	NoVote Vote = 0
	Heart  Vote = 1
)

// ParseVote reads the word that forms and the API use.
func ParseVote(s string) (Vote, error) {
	switch s {
	case "heart":
		return Heart, nil
	case "down":
		return Down, nil
	case "none":
		return NoVote, nil
	}
	return NoVote, &Error{Kind: Invalid, Code: "error.vote", Fields: map[string]Problem{"vote": {Code: "error.vote"}}}
}

// String is the word that forms and the API use.
func (v Vote) String() string {
	switch v {
	case Heart:
		return "heart"
	case Down:
		return "down"
	case NoVote:
	}
	return "none"
}

// Ballot is one vote on its way to the store.
type Ballot struct {
	Post        PostID
	Tag         Tag
	Vote        Vote
	Heart, Down time.Duration // what a heart lends and a down burns
}

// Cast returns p after its visitor's vote turned from one thing to another. What a
// vote moved, taking it back moves the other way to the millisecond, the cap
// aside. Votes on a reply move its score alone: it has no clock of its own.
func (b Ballot) Cast(p Post, was Vote, now time.Time) Post {
	if was == b.Vote {
		return p
	}
	p.Score += int(b.Vote) - int(was)
	p.Hearts += count(b.Vote, Heart) - count(was, Heart)
	if p.IsReply() {
		return p
	}
	quiet := p.Life.inQuiet()
	p.Life = p.Life.Moved(p.Life.whole(b.worth(b.Vote)) - p.Life.whole(b.worth(was)))
	if b.Vote == Heart || !quiet { // not in quiet: when it began is not known any more
		p.Life = p.Life.Heard(now)
	}
	return p
}

func (b Ballot) worth(v Vote) time.Duration {
	switch v {
	case Heart:
		return b.Heart
	case Down:
		return -b.Down
	case NoVote:
	}
	return 0
}

func count(v, of Vote) int {
	if v == of {
		return 1
	}
	return 0
}
