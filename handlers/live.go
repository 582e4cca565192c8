package handlers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"

	"mayfly/board"
	"mayfly/live"
	"mayfly/views"
	"mayfly/words"
)

// jsonFormat and htmlFormat are the formats a socket may ask for; HTML is drawn
// once for each language.
const (
	jsonFormat = "json"
	htmlFormat = "html/"
)

// Drawer draws events for sockets. What it draws suits every reader.
type Drawer struct {
	settings func(board string) board.Settings
	now      board.Clock
	version  string
}

// NewDrawer gives a Drawer; pages of another version than the one named reload.
func NewDrawer(settings func(board string) board.Settings, now board.Clock, version string) *Drawer {
	return &Drawer{settings, now, version}
}

var _ live.Drawer = (*Drawer)(nil)

// Hello draws the first frame of a socket: where its topic's counter stands, and
// about how many are here.
func (d *Drawer) Hello(format string, at uint64, here int) ([]byte, error) {
	switch format {
	case jsonFormat:
		return json.Marshal(jsonFrame{Type: "hello", At: at})
	case circleFormat:
		return json.Marshal(circleFrame{Type: "hello"})
	case chatFormat:
		return json.Marshal(chatFrame{Type: "hello"})
	}
	return render(context.Background(), views.Hello(at, d.version, roundCrowd(here, d.settings("").K)))
}

// Draw draws one event.
func (d *Drawer) Draw(format string, e board.Event, at uint64) ([]byte, error) {
	switch format {
	case jsonFormat:
		return json.Marshal(d.jsonEvent(e, at))
	case circleFormat:
		return circleEvent(e)
	case chatFormat:
		return chatEvent(e)
	}
	say := words.In(strings.TrimPrefix(format, htmlFormat))
	return render(context.Background(), d.htmlEvent(say, e, at))
}

func (d *Drawer) htmlEvent(say *words.Printer, e board.Event, at uint64) templ.Component {
	s, now := d.settings(e.Board).ForNew(), d.now()
	info := board.Info{Slug: e.Board, ClosesAt: e.ClosesAt}
	switch e.Kind {
	case board.Born:
		p := views.NewPost(say, e.Post, s, now)
		if e.IsReply() {
			if !e.Hosted {
				p = p.WroteThread(say, e.Opener)
			}
			p = p.Answering(say, e.To)
		}
		return views.Came(p, at)
	case board.Changed:
		if !s.LookAlikes {
			e.Post.Alike = 0
		}
		return views.ChangedFrame(views.NewPost(say, e.Post, s, now), at)
	case board.Died:
		if !s.LookAlikes {
			e.Rest = 0
		}
		return views.GoneFrame(views.NewGone(say, e), at)
	case board.SettingsChanged:
		if left, closes := info.ClosesIn(now); closes {
			s = s.Within(left)
		}
		return views.SettingsFrame(views.NewLimits(say, s), views.NewPace(say, s), views.NewOffers(say, s), views.NewClosing(say, info, now), at)
	case board.Reload, board.TurnedOut:
	}
	return views.ReloadFrame(at)
}

// jsonFrame is what programs hear.
type jsonFrame struct {
	Type string   `json:"type"`
	At   uint64   `json:"at,string"`
	Post *apiPost `json:"post,omitempty"`
	ID   string   `json:"id,omitempty"`
	Why  string   `json:"why,omitempty"`
	// Reason is why an admin removed it.
	Reason string `json:"reason,omitempty"`
	// Next stands for those that were folded under it.
	Next string `json:"next,omitempty"`
	*jsonChange
}

type jsonChange struct {
	Left    int64 `json:"left"` // seconds
	Score   int   `json:"score"`
	Hearts  int   `json:"hearts"`
	Replies int   `json:"replies"`
	Alike   int   `json:"alike"`
}

func (d *Drawer) jsonEvent(e board.Event, at uint64) jsonFrame {
	switch e.Kind {
	case board.Born:
		p := drawAPIPost(e.Post, words.In("en"), d.settings(e.Board), d.now())
		return jsonFrame{Type: "born", At: at, Post: &p}
	case board.Changed:
		if !d.settings(e.Board).LookAlikes {
			e.Post.Alike = 0
		}
		return jsonFrame{Type: "changed", At: at, ID: e.ID.String(), jsonChange: &jsonChange{
			Left: seconds(e.Post.Life.Left(d.now())), Score: e.Post.Score, Hearts: e.Post.Hearts, Replies: e.Post.Replies, Alike: e.Post.Alike,
		}}
	case board.Died:
		f := jsonFrame{Type: "died", At: at, ID: e.ID.String(), Why: string(e.Why), Reason: string(e.Reason)}
		if e.Rest > 0 && d.settings(e.Board).LookAlikes {
			f.Next = e.Next.String()
		}
		return f
	case board.SettingsChanged:
		return jsonFrame{Type: "settings", At: at}
	case board.Reload, board.TurnedOut:
	}
	return jsonFrame{Type: "reload", At: at}
}

// roundCrowd is how many are here, coarsely: "" below k, else rounded down to a
// step of ten once there are that many.
func roundCrowd(n, k int) string {
	switch {
	case n < k:
		return ""
	case n < 10:
		return strconv.Itoa(k)
	}
	return strconv.Itoa(n / 10 * 10)
}

// openSocket lets a page or program listen to a board, or to a thread.
func (s *Server) openSocket(w http.ResponseWriter, r *http.Request) error {
	if !s.sameOrigin(r) {
		return errOrigin
	}
	if r.URL.Query().Has("circle") {
		return s.openCircleSocket(w, r)
	}
	if r.URL.Query().Has("chat") {
		return s.openChatSocket(w, r)
	}
	topic, err := s.topic(r)
	if err != nil {
		return err
	}
	release, err := s.gate.OpenSocket(s.caller(r, s.visitor(r)))
	if err != nil {
		return err
	}
	stays := func() bool {
		_, err := s.topic(r)
		return err == nil
	}
	return s.hub.Serve(w, r, topic, s.format(r), stays, release)
}

// topic is what r wants to hear of; an ended thread is nothing to listen to.
func (s *Server) topic(r *http.Request) (live.Topic, error) {
	q := r.URL.Query()
	if !q.Has("post") {
		slug := q.Get("board")
		if slug == "" {
			slug = board.Home
		}
		_, err := s.board.Board(r.Context(), slug)
		return live.OfBoard(slug), err
	}
	id, err := board.ParsePostID(q.Get("post"))
	if err != nil {
		return live.Topic{}, err
	}
	p, err := s.readable(r, id)
	return live.OfThread(p.Board, p.Thread), err
}

// format is JSON for programs, else HTML in the visitor's language.
func (s *Server) format(r *http.Request) string {
	if isAPI(r) || r.URL.Query().Get("format") == jsonFormat {
		return jsonFormat
	}
	return htmlFormat + s.printer(r).Lang()
}

// render draws a component whole, so that a failure is a clean error.
func render(ctx context.Context, c templ.Component) ([]byte, error) {
	var b bytes.Buffer
	err := renderTo(ctx, &b, c)
	return b.Bytes(), err
}

func renderTo(ctx context.Context, b *bytes.Buffer, c templ.Component) error {
	if err := c.Render(ctx, b); err != nil {
		return fmt.Errorf("draw: %w", err)
	}
	return nil
}

// answerHTML draws c whole and sends it.
func answerHTML(w http.ResponseWriter, r *http.Request, status int, c templ.Component) error {
	b, sh := new(bytes.Buffer), sheetOf(r)
	if sh != nil {
		b.Grow(sh.room)
	}
	if err := renderTo(r.Context(), b, c); err != nil {
		return err
	}
	if sh != nil {
		sh.room = b.Len() + b.Len()/8
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(wholly(b.Bytes())) // a reader that went away is no failure of ours
	return nil
}

// wholly is a page wholly in UTF-8, whatever a form that was refused gave back on it.
func wholly(page []byte) []byte {
	if utf8.Valid(page) {
		return page
	}
	return bytes.ToValidUTF8(page, []byte("\uFFFD"))
}

// healthz says whether endings are on time and, for doctor, that whoever stands before
// this server is not believed.
func (s *Server) healthz(w http.ResponseWriter, r *http.Request) error {
	if s.disbelieved(r) {
		w.Header().Set("Mayfly-Way", "untrusted proxy")
	}
	if !s.well() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("endings are late\n"))
		return nil
	}
	_, _ = w.Write([]byte("ok\n"))
	return nil
}
