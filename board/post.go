package board

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"
	"unicode/utf8"
)

// PostID names a post or reply: 128 random bits, so that nothing can be counted
// or guessed from one.
type PostID [16]byte

var idEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// NewPostID draws an id.
func NewPostID() (id PostID) {
	rand.Read(id[:])
	return id
}

// ParsePostID reads the 26 characters that String writes; anything else is not
// found, as an id that was never given would be.
func ParsePostID(s string) (id PostID, err error) {
	if len(s) != 26 {
		return PostID{}, ErrNotFound
	}
	if _, err := idEncoding.Decode(id[:], []byte(s)); err != nil || id.String() != s {
		return PostID{}, ErrNotFound
	}
	return id, nil
}

// String is 26 lower-case base32 characters.
func (id PostID) String() string { return idEncoding.EncodeToString(id[:]) }

// Post is a post, or a reply in a post's thread.
type Post struct {
	ID     PostID
	Board  string // slug
	Thread PostID // the post at its root: its own id for a post
	Body   string // plain text, NFC, "\n" between lines
	To     PostID // the reply of its thread that a reply answers, which may be gone; zero: none

	Warning  string   // a line shown first, the rest on tap; "": none
	Backdrop string   // makes it a card; "": none
	Place    string   // the name of one of the host's places; "": nowhere
	Picture  *Picture // nil: none
	Unlisted bool     // reached by its link alone
	ViewOnce bool     // each visitor opens it once; until then it is Sealed
	Readers  int      // openings that are left, 0 for no such clock
	Asks     *Askable // its author may be asked in private; nil: not
	Sealed   bool     // Body and Picture are withheld: Board.Open gives them
	Short    bool     // a filter has cut its life short

	Standing Standing // who may read it
	Under    Standing // of a reply: who may read its thread
	Veiled   bool     // its words are withheld: see For
	Care     bool     // somebody may be in danger: an admin looks at it first, its author is shown the host's card, and votes do not end it
	Locked   bool     // its thread takes no more replies
	Staff    bool     // of a reply: an admin speaks, who has no Name

	Prompt    Prompt // the host speaks: it is pinned, and has no Name
	Sponsored bool   // somebody paid the host to ask

	Name    Name // who speaks, in this thread only
	Life    Life // a reply shows its thread's
	Hearts  int
	Score   int // hearts less downs
	Replies int // of a post

	Arrivals int // how many came to it by the link that was passed on: see Came

	Folded PostID // the post it is nearly the same as, and is folded under; zero: none
	Alike  int    // how many are folded under it

	Seq    int64  // order of birth within one store; never shown
	Sign   Sign   // how its author can be told of it once it is gone
	Own    Tag    // proves authorship; shown to the author alone, as owner key
	Voice  Tag    // the same for all that one visitor wrote in this thread; only a birth carries it
	Secret Secret // the thread's; never leaves the process
}

// IsReply says whether p stands in another post's thread.
func (p Post) IsReply() bool { return p.ID != p.Thread }

// Seal withholds the body and picture of a view-once post. Nothing but Board.Open
// shows them.
func (p Post) Seal() Post {
	if p.ViewOnce {
		p.Body, p.Picture, p.Sealed = "", nil, true
	}
	return p
}

// OwnedBy says whether visitor v wrote p.
func (p Post) OwnedBy(v Visitor) bool {
	return !v.IsZero() && p.Own.Equal(p.Secret.Own(v, p.ID))
}

// Draft is what a visitor would like to publish.
type Draft struct {
	Body    string
	TTL     time.Duration // 0: the board's ttl_default
	Silence time.Duration // ends after so long without a reply or heart; 0: never

	Warning  string // a line shown first; "": none
	Backdrop string // one of Moods; "": none. A picture takes its place
	Place    string // the name or slug of one of the host's places; "": nowhere
	Picture  Upload // nil: none; with one the body may be empty
	Alt      string // says in words what the picture shows
	Unlisted bool   // in no feed or list: its link alone leads to it
	ViewOnce bool   // each visitor opens it once
	Readers  int    // only so many visitors may open it, which implies ViewOnce; 0: all, until its time is up

	Asks *Askable // its author may be asked in private; nil: not

	To PostID // of a reply alone: the reply it answers; zero: none

	Confirm bool // its author was asked whether it gives somebody away, and means it
}

const (
	// WarningMax is how many characters a warning may have.
	WarningMax = 120
	// ReadersMax is how many openings a view-once post may be limited to.
	ReadersMax = 100
)

// shortestSilence is the shortest silence an author may choose.
const shortestSilence = time.Minute

// Check returns the draft as it will be published: text cleaned, defaults filled
// in. Its error is of kind Invalid and says what is wrong with which field.
func (d Draft) Check(s Settings) (Draft, error) {
	bad := &Error{Kind: Invalid, Code: "error.draft", Fields: map[string]Problem{}}
	body, ok := s.cleaned(d.Body)
	d.Body = body
	switch n := utf8.RuneCountInString(body); {
	case !ok:
		bad.Fields["body"] = Problem{Code: "error.body.utf8"}
	case looksEmpty(body) && d.Picture != nil:
		d.Body = ""
	case looksEmpty(body):
		bad.Fields["body"] = Problem{Code: "error.body.empty"}
	case n > s.PostChars:
		bad.Fields["body"] = Problem{Code: "error.body.long", Args: map[string]any{"max": s.PostChars, "over": n - s.PostChars}}
	}
	if d.TTL == 0 {
		d.TTL = s.TTLDefault
	}
	if d.TTL < s.TTLMin || d.TTL > s.TTLMax {
		bad.Fields["ttl"] = Problem{Code: "error.ttl", Args: map[string]any{"min": s.TTLMin, "max": s.TTLMax}}
	}
	if d.Silence != 0 && (d.Silence < shortestSilence || d.Silence > s.TTLMax) {
		bad.Fields["silence"] = Problem{Code: "error.silence", Args: map[string]any{"min": shortestSilence, "max": s.TTLMax}}
	}
	d.Warning = s.checkLine(d.Warning, WarningMax, "warning", "error.warning", bad.Fields)
	d.ViewOnce = d.ViewOnce || d.Readers > 0
	d = d.checkPicture(s, bad.Fields)
	if d.Backdrop != "" && !s.Offers(d.Backdrop) {
		bad.Fields["backdrop"] = Problem{Code: "error.backdrop"}
	}
	if d.Place != "" {
		place, known := FindPlace(s.PlaceList, d.Place)
		if !known || !s.Places {
			bad.Fields["place"] = Problem{Code: "error.place", Args: map[string]any{"places": placeNames(s.PlaceList)}}
		}
		d.Place = place.Name
	}
	if d.ViewOnce && !s.ViewOnce {
		bad.Fields["view_once"] = Problem{Code: "error.view_once"}
	}
	if d.Readers < 0 || d.Readers > ReadersMax {
		bad.Fields["readers"] = Problem{Code: "error.readers", Args: map[string]any{"max": ReadersMax}}
	}
	if d.Unlisted && !s.Unlisted {
		bad.Fields["unlisted"] = Problem{Code: "error.unlisted"}
	}
	d.checkAsks(s, bad.Fields)
	if len(bad.Fields) > 0 {
		return d, bad
	}
	return d, nil
}

// checkAsks looks at how its author may be asked in private.
func (d Draft) checkAsks(s Settings, bad map[string]Problem) {
	switch {
	case d.Asks == nil:
	case !s.Chats:
		bad["chat_key"] = Problem{Code: "error.chat.off_here"}
	case d.ViewOnce:
		bad["chat_key"] = Problem{Code: "error.chat.once"}
	case CheckKey(d.Asks.Key[:]) != nil:
		bad["chat_key"] = Problem{Code: "error.chat.key"}
	}
}

// checkPicture looks at what can be known of a picture before it is pressed.
func (d Draft) checkPicture(s Settings, bad map[string]Problem) Draft {
	if d.Picture == nil {
		d.Alt = ""
		return d
	}
	d.Backdrop = ""
	d.Alt = s.checkLine(d.Alt, AltMax, "alt", "error.picture.alt", bad)
	switch {
	case s.Pictures == PicturesOff:
		bad["picture"] = Problem{Code: "error.picture.off"}
	case d.ViewOnce && !s.ViewOncePictures:
		bad["picture"] = Problem{Code: "error.picture.view_once"}
	}
	return d
}

// cleaned is a text as the board takes it.
func (s Settings) cleaned(text string) (string, bool) {
	if s.Hygiene {
		return CleanText(text)
	}
	return SafeText(text)
}

// checkLine returns the text of a field as it will be shown: one clean line of
// most characters at most; one that is longer is wrong by the code tooLong.
func (s Settings) checkLine(text string, most int, field, tooLong string, bad map[string]Problem) string {
	text, ok := s.cleaned(text)
	line := strings.Join(strings.Fields(text), " ")
	switch {
	case !ok:
		bad[field] = Problem{Code: "error.body.utf8"}
	case line != "" && looksEmpty(line):
		return ""
	case utf8.RuneCountInString(line) > most:
		bad[field] = Problem{Code: tooLong, Args: map[string]any{"max": most}}
	}
	return line
}
