package handlers

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
	"mayfly/words"
)

// circleScheme is what a member's token stands behind in Authorization. It is in no
// address, cookie or form.
const circleScheme = "Circle "

// maxCircle holds a post with the largest picture, as base64.
const maxCircle = 1600 << 10

// takesCircle says whether a path takes so much.
func takesCircle(path string) bool {
	return strings.HasPrefix(path, "/api/v1/circles/") && strings.HasSuffix(path, "/posts")
}

// sealed is bytes that come and go as base64url.
type sealed []byte

// MarshalText writes base64url.
func (b sealed) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what MarshalText writes.
func (b *sealed) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	return err
}

// hash32 is 32 bytes, or not as many.
func (b sealed) hash32() (h [32]byte, err error) {
	if len(b) != len(h) {
		return h, errBadRequest
	}
	return [32]byte(b), nil
}

// key65 is a public key, or no key.
func (b sealed) key65() (q [65]byte, err error) {
	if err := board.CheckKey(b); err != nil {
		return q, err
	}
	return [65]byte(b), nil
}

// bearer is who r says it is in a circle.
func bearer(r *http.Request) (board.Bearer, error) {
	return bearerBehind(r, circleScheme)
}

// inside is a request of a member.
type inside struct {
	circle board.Circle
	me     board.CircleMember
	who    board.Bearer
}

// member is a handler of those who have a seat in the circle; for all others it is not
// there. What they do is charged to them alone.
type member func(w http.ResponseWriter, r *http.Request, in inside) error

// inCircle meters a call as a cost and lets members through.
func (s *Server) inCircle(cost limit.Cost, h member) http.Handler {
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		in, err := s.enterCircle(r)
		if err != nil {
			if limited := s.meter(r); limited != nil {
				return limited
			}
			return err
		}
		v := in.who.Visitor()
		v.Issued = s.board.Now().Add(-time.Hour) // a seat was won by a write that was charged
		who := limit.Caller{Addr: s.address(r), Visitor: v}
		if cost == limit.Page {
			err = s.gate.Allow(cost, "", who)
		} else {
			err = s.gate.Admit(limit.Write{Cost: cost, Who: who, Proof: proofOf(r)})
		}
		if err != nil {
			return err
		}
		return h(w, r, in)
	})
}

func (s *Server) enterCircle(r *http.Request) (in inside, err error) {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return in, err
	}
	if in.who, err = bearer(r); err != nil {
		return in, err
	}
	in.circle, in.me, err = s.circles.Enter(r.Context(), id, in.who)
	return in, err
}

// apiMakeCircle makes a circle.
func (s *Server) apiMakeCircle(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		ID         string `json:"id"`
		Cap        int    `json:"cap"`
		Rule       string `json:"rule"`
		Gated      bool   `json:"gated"`
		TTLDefault string `json:"ttl_default"`
		TTLMax     string `json:"ttl_max"`
		Lasts      string `json:"lasts"`
		Meta       sealed `json:"meta"`
		Q          sealed `json:"q"`
		Record     sealed `json:"record"`
		Once       sealed `json:"once"`
		Wrap       sealed `json:"wrap"`
	}
	who, err := s.newcomer(r, &body)
	if err != nil {
		return err
	}
	d := board.CircleDraft{Circle: board.Circle{Cap: body.Cap, Rule: board.CircleRule(body.Rule), Gated: body.Gated, Meta: board.Envelope(body.Meta)}}
	if d.ID, err = board.ParsePostID(body.ID); err != nil {
		return errBadRequest
	}
	if d.Maker.Q, err = body.Q.key65(); err != nil {
		return err
	}
	for _, t := range []struct {
		text, field string
		into        *time.Duration
	}{{body.TTLDefault, "ttl_default", &d.TTLDefault}, {body.TTLMax, "ttl_max", &d.TTLMax}, {body.Lasts, "lasts", &d.Lasts}} {
		if *t.into, err = parseTTL(t.text, t.field); err != nil {
			return err
		}
	}
	d.Maker.Token, d.Maker.Record, d.Maker.Once, d.Maker.Wrap = who.Hash(), board.Envelope(body.Record), body.Once, board.Envelope(body.Wrap)
	c, err := s.circles.Make(r.Context(), d)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/circles/"+c.ID.String())
	return answerJSON(w, http.StatusCreated, map[string]any{"circle": s.drawCircle(inside{circle: c, me: d.Maker}, nil)})
}

// newcomer reads the body of a call by which somebody comes into a circle, and charges
// them as a post is.
func (s *Server) newcomer(r *http.Request, body any) (board.Bearer, error) {
	if err := readJSON(r, body); err != nil {
		return board.Bearer{}, err
	}
	who, err := bearer(r)
	if err != nil {
		return who, errBadRequest
	}
	return who, s.gate.Admit(limit.Write{Cost: limit.Post, Who: s.caller(r, board.Visitor{}), Proof: proofOf(r)})
}

func parseTTL(text, field string) (time.Duration, error) {
	d, err := board.ParseLife(text)
	if err != nil {
		return 0, invalid(field, "error.circle.time")
	}
	return d, nil
}

// apiCircle is a circle as its members see it.
type apiCircle struct {
	ID         string          `json:"id"`
	Epoch      uint32          `json:"epoch"`
	Members    int             `json:"members"`
	Cap        int             `json:"cap"`
	Rule       string          `json:"rule"`
	Gated      bool            `json:"gated"`
	Shows      bool            `json:"shows"` // false: not before k members have written
	K          int             `json:"k"`
	Turn       bool            `json:"turn"` // somebody left who knows the key
	TTLMin     int64           `json:"ttl_min"`
	TTLDefault int64           `json:"ttl_default"`
	TTLMax     int64           `json:"ttl_max"`
	ClosesIn   int64           `json:"closes_in"`
	Meta       sealed          `json:"meta"`
	Me         apiCircleMember `json:"me"`
	Links      []apiCircleLink `json:"links"`
}

type apiCircleLink struct {
	Epoch uint32 `json:"epoch"`
	Box   sealed `json:"box"`
}

type apiCircleMember struct {
	Q      sealed `json:"q"`
	Record sealed `json:"record"`
	Maker  bool   `json:"maker"`
	Downs  int    `json:"downs"` // members who want them out
	Once   sealed `json:"once,omitempty"`
	Wrap   sealed `json:"wrap,omitempty"`
}

func drawCircleMember(m board.CircleMember) apiCircleMember {
	return apiCircleMember{Q: m.Q[:], Record: sealed(m.Record), Maker: m.Maker, Downs: m.Downs}
}

func (s *Server) drawCircle(in inside, links []board.CircleLink) apiCircle {
	c := in.circle
	out := apiCircle{
		ID: c.ID.String(), Epoch: c.Epoch, Members: c.Members, Cap: c.Cap, Rule: string(c.Rule),
		Gated: c.Gated, Shows: !c.Gated || c.Open, K: s.settings("").K, Turn: c.Turn,
		TTLMin: seconds(min(s.settings("").TTLMin, c.TTLMax)), TTLDefault: seconds(c.TTLDefault), TTLMax: seconds(c.TTLMax),
		ClosesIn: seconds(c.ClosesAt.Sub(s.board.Now())), Meta: sealed(c.Meta), Links: []apiCircleLink{},
		Me: drawCircleMember(in.me),
	}
	out.Me.Once, out.Me.Wrap = in.me.Once, sealed(in.me.Wrap)
	for _, l := range links {
		out.Links = append(out.Links, apiCircleLink{l.Epoch, sealed(l.Box)})
	}
	return out
}

func (s *Server) apiCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	links, err := s.circles.Links(r.Context(), in.circle.ID, in.me)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]any{"circle": s.drawCircle(in, links)})
}

func (s *Server) apiCircleMembers(w http.ResponseWriter, r *http.Request, in inside) error {
	list, err := s.circles.Members(r.Context(), in.circle.ID)
	if err != nil {
		return err
	}
	out := make([]apiCircleMember, len(list))
	for i, m := range list {
		out[i] = drawCircleMember(m)
	}
	return answerJSON(w, http.StatusOK, map[string]any{"members": out})
}

// apiEndCircle ends a whole circle for its maker.
func (s *Server) apiEndCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	return nothing(w, s.circles.End(r.Context(), in.circle, in.me))
}

// nothing answers what leaves nothing to say.
func nothing(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// apiTurnCircle gives a circle a new key.
func (s *Server) apiTurnCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	var body struct {
		Epoch uint32 `json:"epoch"`
		Once  sealed `json:"once"`
		Meta  sealed `json:"meta"`
		Link  sealed `json:"link"`
		Stay  []struct {
			Q      sealed `json:"q"`
			Record sealed `json:"record"`
			Wrap   sealed `json:"wrap"`
		} `json:"stay"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	t := board.CircleTurn{Epoch: body.Epoch, Once: body.Once, Meta: board.Envelope(body.Meta), Link: board.Envelope(body.Link)}
	for _, m := range body.Stay {
		q, err := m.Q.key65()
		if err != nil {
			return err
		}
		t.Stay = append(t.Stay, board.CircleMember{Q: q, Record: board.Envelope(m.Record), Wrap: board.Envelope(m.Wrap)})
	}
	return nothing(w, s.circles.Turn(r.Context(), in.circle, in.me, t))
}

func (s *Server) apiLeaveCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	return nothing(w, s.circles.Leave(r.Context(), in.circle, in.me))
}

// apiOust says that a member wants another out.
func (s *Server) apiOust(w http.ResponseWriter, r *http.Request, in inside) error {
	var body struct {
		Q sealed `json:"q"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	q, err := body.Q.key65()
	if err != nil {
		return err
	}
	out, err := s.circles.Oust(r.Context(), in.circle, in.me, q)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]bool{"out": out})
}

func (s *Server) apiCircleInvite(w http.ResponseWriter, r *http.Request, in inside) error {
	var body struct {
		Token sealed `json:"token"` // the hash of it
		Box   sealed `json:"box"`
		Uses  int    `json:"uses"`
		Lasts string `json:"lasts"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	token, err := body.Token.hash32()
	if err != nil {
		return err
	}
	lasts, err := parseTTL(body.Lasts, "lasts")
	if err != nil {
		return err
	}
	i := board.CircleInvite{Token: token, Box: board.Envelope(body.Box), Uses: body.Uses}
	if err := s.circles.Invite(r.Context(), in.circle, i, lasts); err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]any{"invite": apiCircleInvite{body.Token, body.Uses, seconds(lasts)}})
}

type apiCircleInvite struct {
	Token sealed `json:"token"` // the hash of it
	Uses  int    `json:"uses"`
	Left  int64  `json:"left"`
}

func (s *Server) apiCircleInvites(w http.ResponseWriter, r *http.Request, in inside) error {
	list, err := s.circles.Invites(r.Context(), in.circle.ID)
	if err != nil {
		return err
	}
	out := make([]apiCircleInvite, len(list))
	for i, v := range list {
		out[i] = apiCircleInvite{v.Token[:], v.Uses, seconds(v.EndsAt.Sub(s.board.Now()))}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"invites": out})
}

func (s *Server) apiRevokeInvite(w http.ResponseWriter, r *http.Request, in inside) error {
	var token sealed
	if err := token.UnmarshalText([]byte(r.PathValue("token"))); err != nil {
		return board.ErrNotFound
	}
	hash, err := token.hash32()
	if err != nil {
		return board.ErrNotFound
	}
	return nothing(w, s.circles.Revoke(r.Context(), in.circle.ID, hash))
}

// apiJoinCircle uses an invite; who comes is nobody's member yet.
func (s *Server) apiJoinCircle(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	var body struct {
		Invite sealed `json:"invite"`
		Q      sealed `json:"q"`
	}
	who, err := s.newcomer(r, &body)
	if err != nil {
		return err
	}
	invite, err := body.Invite.hash32()
	if err != nil {
		return err
	}
	m := board.CircleMember{Token: who.Hash()}
	if m.Q, err = body.Q.key65(); err != nil {
		return err
	}
	box, err := s.circles.Join(r.Context(), id, board.Bearer(invite), m)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]any{"epoch": box.Epoch(), "box": sealed(box)})
}

// apiSitDown takes the seat that was kept for who joined.
func (s *Server) apiSitDown(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return err
	}
	if err := s.meter(r); err != nil {
		return err
	}
	who, err := bearer(r)
	if err != nil {
		return err
	}
	var body struct {
		Record sealed `json:"record"`
		Once   sealed `json:"once"`
		Wrap   sealed `json:"wrap"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	m := board.CircleMember{Record: board.Envelope(body.Record), Once: body.Once, Wrap: board.Envelope(body.Wrap)}
	return nothing(w, s.circles.SitDown(r.Context(), id, who, m))
}

// apiCirclePost is a post or reply of a circle: its words are in the envelope.
type apiCirclePost struct {
	ID      string `json:"id"`
	Thread  string `json:"thread"`
	Epoch   uint32 `json:"epoch"`
	Body    sealed `json:"body"`
	Commit  sealed `json:"commit"`
	Picture bool   `json:"picture"`
	Name    string `json:"name"`
	Hue     string `json:"hue"`
	Glyph   []int  `json:"glyph"` // the shapes of its wings
	Hearts  int    `json:"hearts"`
	Score   int    `json:"score"`
	Replies int    `json:"replies"`
	Left    int64  `json:"left"`
	Span    int64  `json:"span"`
	Mine    bool   `json:"mine"`
	Vote    string `json:"vote"`
}

func (s *Server) drawCirclePosts(r *http.Request, in inside, posts []board.CirclePost) ([]apiCirclePost, error) {
	votes, err := s.circles.Votes(r.Context(), in.who, posts)
	if err != nil {
		return nil, err
	}
	say, now := s.printer(r), s.board.Now()
	out := make([]apiCirclePost, len(posts))
	for i, p := range posts {
		out[i] = drawCirclePost(p, say, now)
		out[i].Mine, out[i].Vote = p.OwnedBy(in.who.Visitor()), votes[p.ID].String()
	}
	return out, nil
}

func drawCirclePost(p board.CirclePost, say *words.Printer, now time.Time) apiCirclePost {
	return apiCirclePost{
		ID: p.ID.String(), Thread: p.Thread.String(), Epoch: p.Epoch, Body: sealed(p.Envelope), Commit: p.Commit[:], Picture: p.Pictured,
		Name: views.PersonName(say, p.Name), Hue: views.Hue(p.Name), Glyph: views.GlyphParts(p.Name),
		Hearts: p.Hearts, Score: p.Score, Replies: p.Replies, Left: seconds(p.Life.Left(now)), Span: seconds(p.Life.Span(now)),
		Vote: board.NoVote.String(),
	}
}

// circlePostForm is a post or reply as it is sent.
type circlePostForm struct {
	ID      string `json:"id"`
	Body    sealed `json:"body"`
	Commit  sealed `json:"commit"`
	TTL     string `json:"ttl"`
	Silence string `json:"silence"`
	Picture sealed `json:"picture"`
}

func (f circlePostForm) parse() (d board.CirclePostDraft, err error) {
	if d.ID, err = board.ParsePostID(f.ID); err != nil {
		return d, errBadRequest
	}
	if d.Commit, err = f.Commit.hash32(); err != nil {
		return d, err
	}
	if f.TTL != "" {
		if d.TTL, err = parseTTL(f.TTL, "ttl"); err != nil {
			return d, err
		}
	}
	if f.Silence != "" {
		if d.Silence, err = parseTTL(f.Silence, "silence"); err != nil {
			return d, err
		}
	}
	d.Envelope = board.Envelope(f.Body)
	if len(f.Picture) > 0 {
		d.Image = board.Envelope(f.Picture)
	}
	return d, nil
}

func (s *Server) apiCircleWrite(w http.ResponseWriter, r *http.Request, in inside) error {
	var f circlePostForm
	if err := readJSON(r, &f); err != nil {
		return err
	}
	d, err := f.parse()
	if err != nil {
		return err
	}
	if r.PathValue("post") != "" {
		if d.Thread, err = board.ParsePostID(r.PathValue("post")); err != nil {
			return err
		}
	}
	p, err := s.circles.Write(r.Context(), in.circle, in.who, d)
	if err != nil {
		return err
	}
	out := drawCirclePost(p, s.printer(r), s.board.Now())
	out.Mine = true
	w.Header().Set("Location", "/api/v1/circles/"+in.circle.ID.String()+"/posts/"+out.ID)
	return answerJSON(w, http.StatusCreated, map[string]any{"post": out})
}

const circleCursor = "circle"

func (s *Server) apiCirclePosts(w http.ResponseWriter, r *http.Request, in inside) error {
	after, err := s.cursors.parse(circleCursor+in.circle.ID.String(), r.URL.Query().Get("cursor"))
	if err != nil {
		return err
	}
	posts, more, err := s.circles.Posts(r.Context(), in.circle, after.Seq)
	if err != nil {
		return err
	}
	out, err := s.drawCirclePosts(r, in, posts)
	if err != nil {
		return err
	}
	next := board.Cursor{}
	if more {
		next.Seq = posts[len(posts)-1].Seq
	}
	return answerJSON(w, http.StatusOK, map[string]any{"posts": out, "cursor": s.cursors.format(circleCursor+in.circle.ID.String(), next)})
}

func (s *Server) apiCircleThread(w http.ResponseWriter, r *http.Request, in inside) error {
	id, err := board.ParsePostID(r.PathValue("post"))
	if err != nil {
		return err
	}
	root, replies, err := s.circles.Thread(r.Context(), in.circle, id)
	if err != nil {
		return err
	}
	out, err := s.drawCirclePosts(r, in, append([]board.CirclePost{root}, replies...))
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]any{"post": out[0], "replies": out[1:]})
}

func (s *Server) apiCirclePicture(w http.ResponseWriter, r *http.Request, in inside) error {
	id, err := board.ParsePostID(r.PathValue("post"))
	if err != nil {
		return err
	}
	box, err := s.circles.Picture(r.Context(), in.circle, id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(box) //nolint:gosec // an envelope, as nothing that a browser would draw; a reader that went away is no failure of ours
	return nil
}

func (s *Server) apiCircleVote(w http.ResponseWriter, r *http.Request, in inside) error {
	id, err := board.ParsePostID(r.PathValue("post"))
	if err != nil {
		return err
	}
	var body struct {
		Vote string `json:"vote"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	vote, err := board.ParseVote(body.Vote)
	if err != nil {
		return err
	}
	p, err := s.circles.Vote(r.Context(), in.circle, in.who, id, vote)
	if err != nil {
		return err
	}
	now := s.board.Now()
	return answerJSON(w, http.StatusOK, map[string]any{
		"id": p.ID.String(), "hearts": p.Hearts, "score": p.Score, "left": seconds(p.Life.Left(now)), "span": seconds(p.Life.Span(now)), "vote": vote.String(),
	})
}

func (s *Server) apiEndCirclePost(w http.ResponseWriter, r *http.Request, in inside) error {
	id, err := board.ParsePostID(r.PathValue("post"))
	if err != nil {
		return err
	}
	return nothing(w, s.circles.EndPost(r.Context(), in.circle, in.me, in.who, id))
}

// apiReportCirclePost takes the words that a member holds, with what proves them.
func (s *Server) apiReportCirclePost(w http.ResponseWriter, r *http.Request, in inside) error {
	id, err := board.ParsePostID(r.PathValue("post"))
	if err != nil {
		return err
	}
	var body struct {
		Reason string `json:"reason"`
		Words  string `json:"words"`
		F      sealed `json:"f"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	reason, err := board.ParseReason(body.Reason)
	if err != nil {
		return err
	}
	return nothing(w, s.circles.Report(r.Context(), in.circle, in.who, board.CircleReport{Post: id, Reason: reason, Words: body.Words}, body.F))
}
