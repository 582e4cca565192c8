package handlers

import (
	"net/http"
	"time"

	"mayfly/board"
	"mayfly/views"
	"mayfly/words"
)

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
