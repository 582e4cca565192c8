package handlers

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/live"
	"mayfly/views"
)

// chatScheme is what a side's token stands behind in Authorization.
const chatScheme = "Chat "

// bearerBehind is who r says it is, behind a scheme.
func bearerBehind(r *http.Request, scheme string) (b board.Bearer, err error) {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), scheme)
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if !ok || err != nil || len(raw) != len(b) {
		return b, board.ErrNotFound
	}
	return board.Bearer(raw), nil
}

// parseAsks reads how the author of a new post can be asked in private; both empty: not.
func parseAsks(key, token string) (*board.Askable, error) {
	if key == "" && token == "" {
		return nil, nil
	}
	var k, t sealed
	if k.UnmarshalText([]byte(key)) != nil || t.UnmarshalText([]byte(token)) != nil {
		return nil, invalid("chat_key", "error.chat.key")
	}
	q, err := k.key65()
	if err != nil {
		return nil, invalid("chat_key", "error.chat.key")
	}
	hash, err := t.hash32()
	if err != nil {
		return nil, invalid("chat_key", "error.chat.key")
	}
	return &board.Askable{Key: q, Token: hash}, nil
}

// askedAt is the public key with which a post's author can be asked; "": not.
func askedAt(p board.Post, s board.Settings) string {
	if p.Asks == nil || !s.Chats || !p.InSight() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(p.Asks.Key[:])
}

// talking is a request of one side of a chat or, without a chat, of a post's author.
type talking struct {
	post board.PostID
	slug string // of the board where the post stands
	chat board.Chat
	me   board.ChatSide
	who  board.Bearer
}

// talker is a handler for one side of a chat; for all others it is not there.
type talker func(w http.ResponseWriter, r *http.Request, in talking) error

// inChat meters a call as a cost and lets the two sides of a chat through.
func (s *Server) inChat(cost limit.Cost, h talker) http.Handler {
	return s.letTalk(cost, h, func(r *http.Request, in *talking) error {
		id, err := board.ParsePostID(r.PathValue("chat"))
		if err != nil {
			return err
		}
		in.chat, in.me, err = s.chats.Chat(r.Context(), in.post, id, in.who)
		in.slug = in.chat.Board
		return err
	})
}

// asAuthor meters a call as the reading of a page and lets a post's author through.
func (s *Server) asAuthor(h talker) http.Handler {
	return s.letTalk(limit.Page, h, func(r *http.Request, in *talking) error {
		p, err := s.chats.Asked(r.Context(), in.post, in.who)
		in.me, in.slug = board.AuthorSide, p.Board
		return err
	})
}

func (s *Server) letTalk(cost limit.Cost, h talker, enter func(*http.Request, *talking) error) http.Handler {
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		in, err := talkingIn(r)
		if err == nil {
			err = enter(r, &in)
		}
		if err != nil {
			if limited := s.meter(r); limited != nil {
				return limited
			}
			return err
		}
		v := in.who.Visitor()
		v.Issued = s.board.Now().Add(-time.Hour) // a chat, like a post, was won by a write that was charged
		who := limit.Caller{Addr: s.address(r), Visitor: v}
		if cost == limit.Page {
			err = s.gate.Allow(cost, "", who)
		} else {
			err = s.gate.Admit(limit.Write{Cost: cost, Board: in.slug, Who: who, Proof: proofOf(r)})
		}
		if err != nil {
			return err
		}
		return h(w, r, in)
	})
}

func talkingIn(r *http.Request) (in talking, err error) {
	if in.post, err = board.ParsePostID(r.PathValue("id")); err != nil {
		return in, err
	}
	in.who, err = bearerBehind(r, chatScheme)
	return in, err
}

// apiChat is a chat as one of its sides sees it.
type apiChat struct {
	ID     string `json:"id"`
	Post   string `json:"post"`
	Side   string `json:"side"`   // "asker" or "author": who asks
	State  string `json:"state"`  // "on" or "over"; to the author "blocked"
	Asker  sealed `json:"asker"`  // their public keys
	Author sealed `json:"author"` //
	Sent   int    `json:"sent"`   // messages that this side wrote
	Got    int    `json:"got"`    // messages that the other did
	Unread int    `json:"unread"` // of those, that this side has not read
	Left   int64  `json:"left"`   // seconds, of the post
}

func (s *Server) drawChat(c board.Chat, me board.ChatSide) apiChat {
	return apiChat{
		ID: c.ID.String(), Post: c.Post.String(), Side: me.String(), State: chatState(c, me), Asker: c.Key[:], Author: c.Author.Key[:],
		Sent: c.Sent[me], Got: c.Sent[me.Other()], Unread: c.Unread[me.Other()], Left: seconds(c.Life.Left(s.board.Now())),
	}
}

// chatState is how far a chat has come, as one of its sides may know it: who is blocked
// finds out when they ask anew.
func chatState(c board.Chat, me board.ChatSide) string {
	switch {
	case c.State == board.ChatOn:
		return "on"
	case c.State == board.ChatBlocked && me == board.AuthorSide:
		return "blocked"
	}
	return "over"
}

// apiChatMessage is a message that nobody has read: its words are in the envelope.
type apiChatMessage struct {
	From   string `json:"from"` // "asker" or "author"
	N      int    `json:"n"`
	Body   sealed `json:"body"`
	Commit sealed `json:"commit"`
}

// apiAskAuthor asks the author of a post in private.
func (s *Server) apiAskAuthor(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		ID     string `json:"id"`
		Key    sealed `json:"key"`
		Body   sealed `json:"body"`
		Commit sealed `json:"commit"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	post, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	who, err := bearerBehind(r, chatScheme)
	if err != nil {
		return errBadRequest
	}
	d := board.ChatDraft{Envelope: board.Envelope(body.Body)}
	if d.ID, err = board.ParsePostID(body.ID); err != nil {
		return errBadRequest
	}
	if d.Key, err = body.Key.key65(); err != nil {
		return err
	}
	if d.Commit, err = body.Commit.hash32(); err != nil {
		return err
	}
	v, err := s.writer(r, s.boardOf(r, post), limit.Reply)
	if err != nil {
		return err
	}
	c, err := s.chats.Ask(r.Context(), post, v, who, d)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/posts/"+c.Post.String()+"/chats/"+c.ID.String())
	return answerJSON(w, http.StatusCreated, map[string]any{"chat": s.drawChat(c, board.AskerSide)})
}

// apiChats lists the chats of a post to its author.
func (s *Server) apiChats(w http.ResponseWriter, r *http.Request, in talking) error {
	list, err := s.chats.List(r.Context(), in.post, in.who)
	if err != nil {
		return err
	}
	out := make([]apiChat, len(list))
	for i, c := range list {
		out[i] = s.drawChat(c, board.AuthorSide)
	}
	return answerJSON(w, http.StatusOK, map[string]any{"chats": out})
}

// apiChat gives a chat with what is unread of both sides.
func (s *Server) apiChat(w http.ResponseWriter, r *http.Request, in talking) error {
	out := []apiChatMessage{}
	if in.chat.State == board.ChatOn {
		list, err := s.chats.Messages(r.Context(), in.chat)
		if err != nil {
			return err
		}
		for _, m := range list {
			out = append(out, apiChatMessage{m.From.String(), m.N, sealed(m.Envelope), m.Commit[:]})
		}
	}
	return answerJSON(w, http.StatusOK, map[string]any{"chat": s.drawChat(in.chat, in.me), "messages": out})
}

// apiWriteChat sends a message.
func (s *Server) apiWriteChat(w http.ResponseWriter, r *http.Request, in talking) error {
	var body struct {
		N      int    `json:"n"`
		Body   sealed `json:"body"`
		Commit sealed `json:"commit"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	m := board.ChatMessage{From: in.me, N: body.N, Envelope: board.Envelope(body.Body)}
	var err error
	if m.Commit, err = body.Commit.hash32(); err != nil {
		return err
	}
	if err := s.chats.Write(r.Context(), in.chat, m); err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]int{"n": m.N})
}

// apiReadChat says that the other side's messages up to one were read: they are gone.
func (s *Server) apiReadChat(w http.ResponseWriter, r *http.Request, in talking) error {
	var body struct {
		N int `json:"n"`
	}
	if err := readJSON(r, &body); err != nil {
		return err
	}
	return nothing(w, s.chats.Read(r.Context(), in.chat, in.me, body.N))
}

func (s *Server) apiEndChat(w http.ResponseWriter, r *http.Request, in talking) error {
	if in.chat.State != board.ChatOn {
		return board.ErrChatOver
	}
	return nothing(w, s.chats.End(r.Context(), in.chat))
}

func (s *Server) apiBlockChat(w http.ResponseWriter, r *http.Request, in talking) error {
	return nothing(w, s.chats.Block(r.Context(), in.chat, in.me))
}

// apiReportChat takes the words that a side holds, with what proves them.
func (s *Server) apiReportChat(w http.ResponseWriter, r *http.Request, in talking) error {
	var body struct {
		Reason string `json:"reason"`
		N      int    `json:"n"`
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
	return nothing(w, s.chats.Report(r.Context(), in.chat, in.me, board.ChatReport{N: body.N, Reason: reason, Words: body.Words}, body.F))
}

// apiChatTicket lets a side open a socket.
func (s *Server) apiChatTicket(w http.ResponseWriter, _ *http.Request, in talking) error {
	text, err := s.chatTickets.give(in, s.board.Now())
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusCreated, map[string]string{"ticket": text})
}

// chatFormat is of the sockets of chats: what they hear names ids and nothing else.
const chatFormat = "chat"

// openChatSocket lets whoever has a ticket listen: a post's author to all of its chats.
func (s *Server) openChatSocket(w http.ResponseWriter, r *http.Request) error {
	in, err := s.chatTickets.take(r.URL.Query().Get("ticket"), s.board.Now())
	if err != nil {
		return err
	}
	topic := board.ChatsTopic(in.post)
	if in.me == board.AskerSide {
		topic = board.ChatTopic(in.chat.ID)
	}
	// Who listens is told that a chat has ended, and not turned out; what ended before they
	// came they see as they look, once they are greeted. The door alone turns them out.
	stays := func() bool {
		outside, err := s.atDoor(r, in.slug)
		return err == nil && !outside
	}
	if !stays() {
		return board.ErrNotFound
	}
	release, err := s.gate.OpenSocket(limit.Caller{Addr: s.address(r)})
	if err != nil {
		return err
	}
	return s.hub.Serve(w, r, live.OfBoard(topic).Behind(in.slug), chatFormat, stays, release)
}

// chatFrame is what the pages of a chat hear: they ask for the rest with their token.
type chatFrame struct {
	Type string `json:"type"`
	Chat string `json:"chat,omitempty"`
}

func chatEvent(e board.Event) ([]byte, error) {
	f := chatFrame{Chat: e.ID.String()}
	switch e.Kind {
	case board.Born:
		f.Type = "message"
	case board.Changed:
		f.Type = "read"
	case board.Died:
		f.Type = "ended"
	case board.Reload, board.TurnedOut, board.SettingsChanged:
		f = chatFrame{Type: "reload"}
	}
	return json.Marshal(f)
}

// chatsPage lists what the browser itself holds of chats.
func (s *Server) chatsPage(w http.ResponseWriter, r *http.Request) error {
	return s.answerChat(w, r, "")
}

// chatPage is the frame of the chats under a post. It is drawn for any id alike.
func (s *Server) chatPage(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	return s.answerChat(w, r, id.String())
}

func (s *Server) answerChat(w http.ResponseWriter, r *http.Request, post string) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.ChatFrame(views.NewChatPage(v, post)))
}

// hostChats shows those who run the board how many chats there are, and the words of
// those that a side reported.
func (s *Server) hostChats(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	totals, err := s.chats.Totals(r.Context())
	if err != nil {
		return err
	}
	reports, err := s.chats.Reports(r.Context())
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.AdminChatsPage(views.NewAdminChats(d, totals, reports, r.URL.Query().Get("done"))))
}

// decideChatReport ends a chat that was reported with its words, or lets it stand.
func (s *Server) decideChatReport(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	reports, err := s.chats.Reports(r.Context())
	if err != nil {
		return err
	}
	i := slices.IndexFunc(reports, func(c board.ChatReport) bool { return c.Chat.String() == r.PostForm.Get("chat") })
	if i < 0 {
		return board.ErrNotFound
	}
	done := r.PostForm.Get("do")
	switch done {
	case "end":
		err = s.chats.TakeDown(r.Context(), me.Name, reports[i])
	case "keep":
		err = s.chats.LetStand(r.Context(), reports[i].Chat)
	default:
		return errBadRequest
	}
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/chats?done=chat_"+done, http.StatusSeeOther)
	return nil
}
