package handlers

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
	"mayfly/words"
)

// apiPost is a post as programs see it. No field holds a position, a stable
// author or a time of creation.
type apiPost struct {
	ID          string      `json:"id"`
	Board       string      `json:"board"`
	Thread      string      `json:"thread"`
	Body        string      `json:"body"`
	To          string      `json:"to"` // the reply that a reply answers, which may be gone; "": none
	Warning     string      `json:"warning"`
	Backdrop    string      `json:"backdrop"`
	Tags        []string    `json:"tags"`
	Place       string      `json:"place"`
	Picture     *apiPicture `json:"picture"` // null: none
	Name        string      `json:"name"`
	Hue         string      `json:"hue"`
	Hearts      int         `json:"hearts"`
	Score       int         `json:"score"`
	Replies     int         `json:"replies"`
	Alike       int         `json:"alike"` // posts that say nearly the same and are folded under it
	Left        int64       `json:"left"`  // seconds
	Span        int64       `json:"span"`  // seconds
	State       string      `json:"state"`
	URL         string      `json:"url"`
	ViewOnce    bool        `json:"view_once"`
	ReadersLeft int         `json:"readers_left"` // 0: no such clock
	Unlisted    bool        `json:"unlisted"`
	Chat        string      `json:"chat"`   // the public key with which its author can be asked in private; "": not
	Prompt      string      `json:"prompt"` // "question" or "welcome" of the host; "": of a visitor
	Sponsored   bool        `json:"sponsored"`
	Locked      bool        `json:"locked"` // its thread takes no more replies
	Staff       bool        `json:"staff"`  // an admin replies
	Mine        bool        `json:"mine"`
	Vote        string      `json:"vote"`
}

// apiPicture is a post's picture as programs see it.
type apiPicture struct {
	URL     string `json:"url"` // both "" for a view-once post, whose opening holds Data
	Thumb   string `json:"thumb"`
	Alt     string `json:"alt"`
	Width   int    `json:"width"` // pixels
	Height  int    `json:"height"`
	Colour  string `json:"colour"`  // "#rrggbb"
	Blurred bool   `json:"blurred"` // until its reader asks for it

	Type string `json:"type,omitempty"` // of Data
	Data []byte `json:"data,omitempty"` // base64
}

func drawAPIPicture(post board.Post, s board.Settings) *apiPicture {
	p := post.Picture
	if p == nil {
		return nil
	}
	out := &apiPicture{Alt: p.Alt, Width: p.Width, Height: p.Height, Colour: p.Colour, Blurred: s.Pictures != board.PicturesOn}
	switch {
	case p.Full != nil:
		out.Type, out.Data = p.Full.Type, p.Full.Bytes
	case !post.ViewOnce:
		out.URL, out.Thumb = postURL(post)+"/picture", postURL(post)+"/thumb"
	}
	return out
}

// drawAPIPost shows p to a program in p's language, by the settings of its board;
// who asks adds Mine and Vote.
func drawAPIPost(post board.Post, say *words.Printer, s board.Settings, now time.Time) apiPost {
	to := ""
	if post.To != (board.PostID{}) {
		to = post.To.String()
	}
	out := apiPost{
		ID: post.ID.String(), To: to, Board: post.Board, Thread: post.Thread.String(),
		Body: post.Body, Warning: post.Warning, Backdrop: post.Backdrop, Tags: apiTags(post), Place: post.Place, Picture: drawAPIPicture(post, s), Unlisted: post.Unlisted, Chat: askedAt(post, s),
		ViewOnce: post.ViewOnce, ReadersLeft: post.Readers, Name: views.PersonName(say, post.Name), Hue: views.Hue(post.Name),
		Hearts: post.Hearts, Score: post.Score, Replies: post.Replies, Alike: post.Alike,
		Left: seconds(post.Life.Left(now)), Span: seconds(post.Life.Span(now)),
		State: apiState(post), URL: postURL(post), Vote: board.NoVote.String(), Prompt: string(post.Prompt), Sponsored: post.Sponsored,
		Locked: post.Locked, Staff: post.Staff,
	}
	switch {
	case post.Prompt != board.NoPrompt:
		out.Name, out.Hue = say.Say("prompt.host"), ""
	case post.Staff:
		out.Name, out.Hue = say.Say("post.staff"), ""
	case post.Veiled:
		out.Name, out.Hue = "", ""
	}
	return out
}

// apiTags are the tags of a post, each once.
func apiTags(p board.Post) []string {
	tags := []string{}
	for _, m := range board.Tags(p.Body) {
		if !slices.Contains(tags, m.Tag) {
			tags = append(tags, m.Tag)
		}
	}
	return tags
}

// apiState says whether the body is there to be read.
func apiState(p board.Post) string {
	switch {
	case p.Standing != board.Shown:
		return string(p.Standing)
	case p.Under != board.Shown:
		return string(p.Under)
	case p.Sealed:
		return "sealed"
	}
	return "alive"
}

// seconds rounds up, so that what still lives never shows 0.
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// postURL is where people read a post or reply.
func postURL(p board.Post) string {
	if p.IsReply() {
		return "/p/" + p.Thread.String() + "#p-" + p.ID.String()
	}
	return "/p/" + p.ID.String()
}

// apiPosts shows posts to whoever asks in r.
func (s *Server) apiPosts(r *http.Request, posts []board.Post) ([]apiPost, error) {
	v, say, now := s.visitor(r), s.printer(r), s.board.Now()
	votes, err := s.board.Votes(r.Context(), v, posts)
	if err != nil {
		return nil, err
	}
	opened, err := s.board.Opened(r.Context(), v, posts)
	if err != nil {
		return nil, err
	}
	out := make([]apiPost, len(posts))
	for i, p := range posts {
		out[i] = drawAPIPost(p, say, s.settings(p.Board), now)
		if opened[p.ID] && p.InSight() {
			out[i].State = "opened"
		}
		out[i].Mine, out[i].Vote = p.OwnedBy(v), votes[p.ID].String()
	}
	return out, nil
}

func (s *Server) apiBoards(w http.ResponseWriter, r *http.Request) error {
	boards, err := s.board.Boards(r.Context())
	if err != nil {
		return err
	}
	type apiBoard struct {
		Slug     string `json:"slug"`
		Title    string `json:"title"`
		Rules    string `json:"rules"`
		ClosesIn *int64 `json:"closes_in"` // seconds; null: never
		Posts    int    `json:"posts"`
		State    string `json:"state"` // open, slow, read-only or closed
		URL      string `json:"url"`
	}
	out := make([]apiBoard, len(boards))
	for i, b := range boards {
		out[i] = apiBoard{Slug: b.Slug, Title: views.BoardTitle(s.printer(r), b), Rules: b.Rules, URL: boardURL(b.Slug), State: string(s.settings(b.Slug).State)}
		if left, closes := b.ClosesIn(s.board.Now()); closes {
			in := seconds(left)
			out[i].ClosesIn = &in
		}
		if out[i].Posts, err = s.board.Count(r.Context(), b.Slug); err != nil {
			return err
		}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"boards": out})
}

func (s *Server) apiFeed(w http.ResponseWriter, r *http.Request) error {
	q, err := s.feedQuery(r)
	if err != nil {
		return err
	}
	if v := r.URL.Query().Get("limit"); v != "" {
		if q.Limit, err = strconv.Atoi(v); err != nil || q.Limit < 1 || q.Limit > board.PageMax {
			return invalid("limit", "error.limit", "max", board.PageMax)
		}
	}
	reading := q.Narrow != (board.Narrow{}) && s.board.Reading()
	posts, next, err := s.seek(r, q)
	if err != nil {
		return err
	}
	var pinned []board.Post
	if q.After == (board.Cursor{}) && q.Narrow == (board.Narrow{}) {
		if pinned, err = s.board.Prompts(r.Context(), q.Board); err != nil {
			return err
		}
	}
	out, err := s.apiPosts(r, append(pinned, posts...))
	if err != nil {
		return err
	}
	n := len(pinned)
	answer := map[string]any{"prompts": out[:n], "posts": out[n:], "cursor": s.cursors.format(feedName(q), next)}
	if reading {
		answer["reading"] = true
	}
	return answerJSON(w, http.StatusOK, answer)
}

func (s *Server) apiThread(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	post, replies, err := s.thread(r, id)
	if err != nil {
		return err
	}
	out, err := s.apiPosts(r, append([]board.Post{post}, replies...))
	if err != nil {
		return err
	}
	answer := map[string]any{"post": out[0], "replies": out[1:]}
	if n := post.Came(s.settings(post.Board).K); n > 0 && post.OwnedBy(s.visitor(r)) {
		answer["arrivals"] = n
	}
	return answerJSON(w, http.StatusOK, answer)
}

// thread is a post with its replies; a reply stands alone.
func (s *Server) thread(r *http.Request, id board.PostID) (board.Post, []board.Post, error) {
	v := s.visitor(r)
	p, err := s.board.Post(r.Context(), id, v)
	if err != nil || p.IsReply() {
		return p, nil, err
	}
	return s.board.Thread(r.Context(), id, v)
}

func (s *Server) apiCreatePost(w http.ResponseWriter, r *http.Request) error {
	form, d, err := s.apiDraft(w, r)
	defer form.release()
	if err != nil {
		return err
	}
	slug := r.PathValue("board")
	v, err := form.writer(s, r, slug)
	if err != nil {
		return err
	}
	p, key, err := s.board.Create(r.Context(), slug, v, d)
	if err != nil {
		return err
	}
	return s.apiPublished(w, r, v, p, key)
}

// apiDraft reads a draft from JSON or, with a picture, from a form, which is never
// nil.
func (s *Server) apiDraft(w http.ResponseWriter, r *http.Request) (form *sent, d board.Draft, err error) {
	if isMultipart(r) {
		if form, err = s.readSent(w, r); err != nil {
			return form, d, err
		}
		d, err = form.draft(s, fieldsOf(givenIn(form)))
		return form, d, err
	}
	form = &sent{}
	var in draftFields
	if err := readJSON(r, &in); err != nil {
		return form, d, err
	}
	d, err = in.parse()
	return form, d, err
}

func (s *Server) apiCreateReply(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Body    string `json:"body"`
		To      string `json:"to"`
		Confirm bool   `json:"confirm"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	to, err := parseAnswered(in.To)
	if err != nil {
		return err
	}
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	v, err := s.writer(r, s.boardOf(r, id), limit.Reply)
	if err != nil {
		return err
	}
	p, key, err := s.board.Reply(r.Context(), id, v, board.Draft{Body: in.Body, To: to, Confirm: in.Confirm})
	if err != nil {
		return err
	}
	return s.apiPublished(w, r, v, p, key)
}

// apiPublished answers 201 with what v has published and its owner key.
func (s *Server) apiPublished(w http.ResponseWriter, r *http.Request, v board.Visitor, p board.Post, key board.OwnerKey) error {
	s.written(w, r, v, p)
	out := drawAPIPost(p, s.printer(r), s.settings(p.Board), s.board.Now())
	out.Mine = true
	w.Header().Set("Location", "/api/v1/posts/"+out.ID)
	published := struct {
		Post apiPost `json:"post"`
		Key  string  `json:"owner_key"`
		Care string  `json:"care,omitempty"`
	}{Post: out, Key: key.String()}
	if p.Care {
		published.Care = views.CareText(s.printer(r), s.settings(p.Board))
	}
	return answerJSON(w, http.StatusCreated, published)
}

func (s *Server) apiVote(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Vote string `json:"vote"`
	}
	if err := readJSON(r, &in); err != nil {
		return err
	}
	p, _, err := s.castVote(w, r, in.Vote)
	if err != nil {
		return err
	}
	out := drawAPIPost(p, s.printer(r), s.settings(p.Board), s.board.Now())
	out.Vote, out.Mine = in.Vote, p.OwnedBy(s.visitor(r))
	return answerJSON(w, http.StatusOK, map[string]any{"post": out})
}

// apiOpen gives the body of a view-once post, once.
func (s *Server) apiOpen(w http.ResponseWriter, r *http.Request) error {
	p, err := s.open(w, r)
	if err != nil {
		return err
	}
	out := drawAPIPost(p, s.printer(r), s.settings(p.Board), s.board.Now())
	out.State = "opened"
	return answerJSON(w, http.StatusOK, map[string]any{"post": out})
}

func (s *Server) apiEndPost(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	if err := s.meter(r); err != nil {
		return err
	}
	if key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		err = s.endWithKey(r, id, key)
	} else {
		err = s.board.EndAsVisitor(r.Context(), id, s.visitor(r))
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

//go:embed openapi.json
var openAPIDocument []byte

func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPIDocument) // a reader that went away is no failure of ours
	return nil
}

// readJSON reads one JSON object of known fields. What is not UTF-8 is refused:
// encoding/json would quietly put other characters in its place.
func readJSON(r *http.Request, into any) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return errMedia
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return bodyError(err)
	}
	if !utf8.Valid(b) {
		return invalid("body", "error.body.utf8")
	}
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return errBadRequest
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errBadRequest
	}
	return nil
}

func answerJSON(w http.ResponseWriter, status int, body any) error {
	b, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(b) // a reader that went away is no failure of ours
	return nil
}
