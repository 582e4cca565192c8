package views

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mayfly/board"
	"mayfly/words"
)

// longText is the number of letters from which a post is set smaller.
const longText = 190

// A card with few letters is set large and needs less room; one with many is set
// smaller.
const (
	briefCard   = 25
	lengthyCard = 150
)

// dyingUnder is what is left of a post when it begins to look like its end.
const dyingUnder = time.Minute

// NewPost draws up a post, or a reply, as every reader sees it.
func NewPost(p *words.Printer, post board.Post, s board.Settings, now time.Time) Post {
	out := Post{
		ID:         post.ID.String(),
		Reply:      post.IsReply(),
		By:         NewName(p, post.Name),
		name:       post.Name,
		Text:       spans(post.Board, post.Body),
		Hearts:     post.Hearts,
		Score:      post.Score,
		Replies:    post.Replies,
		HeartLabel: p.Say("post.heart.label", "n", post.Hearts),
		DownLabel:  p.Say("post.down.label"),
		Low:        low(p, post.Score, s.VanishScore),
		You:        p.Say("post.you"),
		Drop:       p.Say("post.remove"),
		Report:     p.Say("report.link"),
	}
	if post.Veiled {
		return Post{ID: out.ID, Reply: out.Reply, Unseen: newUnseen(p, post.ID)}
	}
	out.Apart, out.Code = apart(p, post, s), post.Secret.Share(post.Thread)
	if post.Short {
		out.Short = p.Say("post.short")
	}
	if post.Care {
		out.Care, out.Low = newCare(p, s), ""
		s.LifePerDown = 0 // downs take nothing, and no count ends it
	}
	if post.Prompt != board.NoPrompt {
		out.host(p, post)
		s.LifePerHeart, s.LifePerDown = 0, 0 // votes move nothing here
	}
	if post.Staff {
		out.Staff, out.By, out.Report = true, Name{Text: p.Say("post.staff")}, ""
	}
	if out.Reply {
		out.Thread = post.Thread.String()
		if !out.Staff { // whom nobody can mute
			out.Voice = strconv.Itoa(post.Name.Number())
		}
		out.answers = post.To != (board.PostID{})
		out.QuoteLabel, out.SelfLabel = p.Say("reply.answer", "name", out.By.Text), p.Say("reply.self")
	} else {
		out.Long = utf8.RuneCountInString(post.Body) > longText
		out.dress(p, post)
		out.Picture = newPicture(p, post, s)
		out.ReplyLabel = p.Say("post.replies", "n", post.Replies)
		if post.Alike > 0 {
			out.Alike = p.Say("post.alike", "n", post.Alike)
		}
		out.live(p, post.Life, s, now)
	}
	return out
}

// apart is why nobody but its author sees a post, "" if everybody does.
func apart(p *words.Printer, post board.Post, s board.Settings) string {
	switch post.Standing {
	case board.Held:
		if s.Caution(post) {
			return p.Say("care_time.held")
		}
		return p.Say("apart.held")
	case board.Hidden:
		return p.Say("apart.hidden")
	case board.Shown:
	}
	return ""
}

// newCare draws up the host's card for somebody who may be in danger, in our own words
// where the host has written none.
func newCare(p *words.Printer, s board.Settings) *Care {
	return &Care{Title: p.Say("care.title"), Text: links(CareText(p, s)), Rest: p.Say("care.rest")}
}

// CareText is what the card says.
func CareText(p *words.Printer, s board.Settings) string {
	if s.CareCard == "" {
		return p.Say("care.own")
	}
	return s.CareCard
}

// newUnseen draws up the line that stands where something is hidden.
func newUnseen(p *words.Printer, id board.PostID) *Tomb {
	return &Tomb{ID: id.String(), Why: string(board.OutOfSight), Bold: p.Say("tomb.hidden"), Rest: p.Say("tomb.hidden_rest")}
}

// host shows a post as the host's, who has no wings.
func (out *Post) host(p *words.Printer, post board.Post) {
	switch {
	case post.Sponsored:
		out.Prompt = p.Say("prompt.sponsored")
	case post.Prompt == board.Welcome:
		out.Prompt = p.Say("prompt.welcome")
	default:
		out.Prompt = p.Say("prompt.question")
	}
	out.Welcome = post.Prompt == board.Welcome
	out.By = Name{Text: p.Say("prompt.host")}
	out.Answer = p.Say("prompt.answer")
	out.Report = ""
}

// dress fills in what is shown around the words of a post.
func (out *Post) dress(p *words.Printer, post board.Post) {
	if post.Warning != "" {
		out.Warning, out.WarningLabel = post.Warning, p.Say("post.warning.label")
		out.Show, out.Hide = p.Say("post.warning.show"), p.Say("post.warning.hide")
	}
	if board.IsBackdrop(post.Backdrop) {
		out.Backdrop, out.Size = post.Backdrop, cardSize(post.Body)
	}
	out.Unlisted = unlisted(p, post)
	if post.Place != "" {
		out.Place, out.PlaceHref = post.Place, placeHref(post.Board, post.PlaceSlug())
	}
	if post.ViewOnce {
		out.Once, out.Seal = p.Say("once.meta"), newSeal(p, post)
	}
}

func unlisted(p *words.Printer, post board.Post) string {
	if !post.Unlisted {
		return ""
	}
	return p.Say("post.unlisted")
}

// cardSize is the class that sizes the words of a card: brief, lengthy, or "" for
// what lies between.
func cardSize(body string) string {
	switch n := utf8.RuneCountInString(body); {
	case n <= briefCard:
		return "brief"
	case n > lengthyCard:
		return "lengthy"
	}
	return ""
}

// class is what the article is: a card with little to say takes less room.
func (out Post) class() string {
	switch {
	case out.Prompt != "":
		return "post prompt"
	case out.Seal != nil:
		return "post tile sealed"
	case out.Backdrop == "":
		return "post"
	case out.Size == "brief":
		return "post tile bd-" + out.Backdrop + " short"
	}
	return "post tile bd-" + out.Backdrop
}

// textClass is how its words are set.
func (out Post) textClass() string {
	switch {
	case out.Backdrop != "" && out.Size != "":
		return "tile-text " + out.Size
	case out.Backdrop != "":
		return "tile-text"
	case out.Long:
		return "post-text long"
	}
	return "post-text"
}

// meta is what stands under the name, "" for nothing.
func (out Post) meta() string {
	said := slices.DeleteFunc([]string{out.Once, out.Unlisted, out.Clock}, func(s string) bool { return s == "" })
	return strings.Join(said, " · ")
}

// live fills in what a clock of its own brings with it. A reply has none.
func (out *Post) live(p *words.Printer, l board.Life, s board.Settings, now time.Time) {
	now = now.Truncate(step(l))
	left, span := l.Left(now), l.Span(now)
	out.Left, out.Span = seconds(left), seconds(span)
	out.LeftText, out.ISO = p.Say("post.left", "life", left), iso(left)
	out.Percent = percent(left, span)
	out.Dying = left < dyingUnder
	if l.Silence > 0 {
		out.Clock = p.Say("post.clock.quiet", "quiet", l.Silence)
		out.HeartLabel = p.Say("post.heart.quiet", "n", out.Hearts)
	}
	if gives := lends(l, s.LifePerHeart); gives > 0 && l.Silence == 0 {
		out.HeartLabel = p.Say("post.heart.gives", "n", out.Hearts, "time", gives)
		out.Gift = p.Say("post.gift", "life", gives)
	}
	if takes := l.EndsAt.Sub(l.Moved(-s.LifePerDown).EndsAt); takes > 0 {
		out.DownLabel = p.Say("post.down.takes", "time", takes)
	}
	// what a heart would do at the last moment, when the quiet has lasted longest
	out.Saves = l.Moved(s.LifePerHeart).Heard(l.EndsAt).EndsAt.After(l.EndsAt)
	if out.Saves && out.Low == "" && out.Care == nil {
		out.Rescue = p.Say("post.rescue")
	}
}

// lends is what a heart adds to a life: less than it would, or nothing, near the
// cap that was fixed at birth.
func lends(l board.Life, heart time.Duration) time.Duration {
	return l.Moved(heart).Until.Sub(l.Until)
}

// For adds what one reader alone sees: whether they wrote it, and their vote.
func (out Post) For(mine bool, vote board.Vote) Post {
	out.Mine, out.Vote = mine, vote
	return out
}

// WroteThread marks a reply whose name is that of the thread's author.
func (out Post) WroteThread(p *words.Printer, author board.Name) Post {
	if out.Reply && !out.Staff && out.name == author {
		out.Opener = p.Say("post.opener")
	}
	return out
}

// NewPosts draws up posts as one visitor sees them.
func NewPosts(v Visit, posts []board.Post, votes map[board.PostID]board.Vote) []Post {
	out := make([]Post, len(posts))
	for i, post := range posts {
		out[i] = NewPost(v.Words, post, v.Settings, v.Now).For(post.OwnedBy(v.Visitor), votes[post.ID])
		if v.Opened[post.ID] {
			out[i] = out[i].Opened(v.Words)
		}
	}
	return out
}

// NewReplies draws up the replies under root as one visitor sees them.
func NewReplies(v Visit, root board.Post, replies []board.Post, votes map[board.PostID]board.Vote) []Post {
	out, to := NewPosts(v, replies, votes), answeredAmong(replies)
	for i := range out {
		if root.Prompt == board.NoPrompt { // the host is none of them
			out[i] = out[i].WroteThread(v.Words, root.Name)
		}
		out[i] = out[i].Answering(v.Words, to(i))
	}
	return out
}

// NewTomb draws up the line a post leaves when its readers have removed it, or
// opened it as often as it could be.
func NewTomb(p *words.Printer, id board.PostID, why board.Why, stands time.Duration) Tomb {
	bold := p.Say("tomb.removed")
	if why == board.ByReaders {
		bold = p.Say("tomb.opened")
	}
	return Tomb{ID: id.String(), Why: string(why), Left: seconds(stands), Bold: bold, Rest: p.Say("tomb.words")}
}

// picture is the icon of the line.
func (t Tomb) picture() string {
	switch t.Why {
	case string(board.OutOfSight):
		return "hide"
	case "":
		return "copy"
	}
	return "vanish"
}

// NewGone draws up the news that something ended.
func NewGone(p *words.Printer, e board.Event) Gone {
	out := Gone{ID: e.ID.String(), Why: string(e.Why)}
	if e.Why == board.ByAdmin {
		out.Reason = ReasonText(p, e.Reason)
	}
	if e.Why == board.OutOfSight && e.IsReply() {
		out.Tomb = newUnseen(p, e.ID)
	}
	if e.Why.LeavesTrace() && !e.IsReply() {
		tomb := NewTomb(p, e.ID, e.Why, board.TraceTime)
		out.Tomb = &tomb
	}
	if e.Rest > 0 {
		out.Tomb = withRest(p, out.Tomb, e)
	}
	return out
}

// withRest has the line that stands for what ended lead to what was folded under it: a
// post that nobody has asked for is not put in its place.
func withRest(p *words.Printer, t *Tomb, e board.Event) *Tomb {
	if t == nil {
		t = &Tomb{ID: e.ID.String()}
	}
	t.Next, t.Alike = e.Next.String(), p.Say("alike.still", "n", e.Rest)
	if t.AlikeHref = "/p/" + t.Next; e.Rest > 1 {
		t.AlikeHref += "/alike"
	}
	return t
}

// low warns when one or two more downs would end it.
func low(p *words.Printer, score, vanish int) string {
	if score >= 0 {
		return ""
	}
	switch score - vanish {
	case 1:
		return p.Say("post.low.last", "score", score)
	case 2:
		return p.Say("post.low.next", "score", score)
	}
	return ""
}

// vote is what pressing a button sends: the vote it stands for, or none to take
// back the one that was given.
func (out Post) vote(button board.Vote) string {
	if out.Vote == button {
		return board.NoVote.String()
	}
	return button.String()
}

func (out Post) pressed(button board.Vote) string { return strconv.FormatBool(out.Vote == button) }

// path is the address of p, or of something about it.
func (out Post) path(parts ...string) string {
	return strings.Join(append([]string{"/p/" + out.ID}, parts...), "/")
}

// percent of a span that is left, as the wick is drawn: "53.33%".
func percent(left, span time.Duration) string {
	share := 100 * float64(left) / float64(max(span, left, 1))
	return strconv.FormatFloat(math.Round(share*100)/100, 'f', -1, 64) + "%"
}

// iso writes a time as the datetime attribute wants a duration: PT3H12M, P2DT3H,
// PT0S. Begun seconds count.
func iso(d time.Duration) string {
	s := int((max(0, d) + time.Second - 1) / time.Second)
	var b strings.Builder
	b.WriteString("P")
	part := func(n int, unit string) {
		if n > 0 {
			b.WriteString(strconv.Itoa(n) + unit)
		}
	}
	part(s/86400, "D")
	if s%86400 > 0 || s == 0 {
		b.WriteString("T")
		part(s/3600%24, "H")
		part(s/60%60, "M")
		part(s%60, "S")
	}
	if s == 0 {
		b.WriteString("0S")
	}
	return b.String()
}
