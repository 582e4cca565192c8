package board

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

const (
	// ChatMessagesMax is how many messages either side may write in a chat.
	ChatMessagesMax = 500
	// ChatUnreadMax is how many of a side's may wait to be read.
	ChatUnreadMax = 50
	// ChatsEndedMax is how many chats of a post are remembered that have ended: what was
	// said in them can be reported, and who was blocked can't ask again.
	ChatsEndedMax = 200
	// envelopeChat is the longest that a message of a chat may be, padded.
	envelopeChat = 8 << 10
)

// Askable is how the author of a post can be asked in private.
type Askable struct {
	Key   [65]byte // public; its other half never leaves the author's browser
	Token [32]byte // the hash of what the author's browser shows
}

// ChatSide is one of the two in a chat.
type ChatSide uint8

// The sides of a chat.
const (
	AskerSide  ChatSide = iota // who read the post, and asked
	AuthorSide                 // who wrote the post
)

// Other is the other side.
func (s ChatSide) Other() ChatSide { return 1 - s }

func (s ChatSide) String() string { return [...]string{"asker", "author"}[s] }

// kind is what a side's messages are sealed as.
func (s ChatSide) kind() EnvelopeKind { return EnvelopeAsk + EnvelopeKind(s) }

// ChatState is how far a chat has come.
type ChatState uint8

// The states of a chat, each later than the one before.
const (
	ChatOn ChatState = iota
	ChatOver
	ChatBlocked // by the author: this asker asks no more under this post
)

// Chat is a talk between the author of a post and somebody who asked, as far as the
// server knows it.
type Chat struct {
	ID, Post PostID
	Key      [65]byte // the asker's public key
	Token    [32]byte // the hash of what the asker's browser shows
	Author   Askable
	State    ChatState
	Sent     [2]int // messages of each side
	Unread   [2]int // those of them that the other has not read
	Board    string // where the post stands
	Life     Life   // the post's

	Seq int64 // of the store
}

// side is whose a bearer is.
func (c Chat) side(b Bearer) (ChatSide, error) {
	switch b.Hash() {
	case c.Author.Token:
		return AuthorSide, nil
	case c.Token:
		return AskerSide, nil
	}
	return 0, ErrNotFound
}

// ChatMessage is one message of a chat. Envelope is there until it is read.
type ChatMessage struct {
	From     ChatSide
	N        int // from 1, of its side
	Envelope Envelope
	Commit   [32]byte // to its words
}

func (m ChatMessage) check() error {
	if m.N < 1 || m.N > ChatMessagesMax {
		return ErrChatTurn
	}
	if err := m.Envelope.Check(m.From.kind(), uint32(m.N)); err != nil {
		return errChatEnvelope
	}
	return nil
}

// ChatReport is a report of a chat's message with words that are proven to be its.
type ChatReport struct {
	Chat, Post PostID
	From       ChatSide // who wrote it
	N          int
	Reason     Reason
	Words      string
	Left       time.Duration // of the post; they end together
}

// ChatTotals are what admins see of chats.
type ChatTotals struct {
	Posts int // with chats that go on
	Chats int // that go on
}

// The refusals of chats.
var (
	errChatEnvelope = &Error{Kind: Invalid, Code: "error.chat.envelope"}
	errChatsOff     = &Error{Kind: Shut, Code: "error.chat.off"}
	errChatOwn      = &Error{Kind: Forbidden, Code: "error.chat.own"}
	errChatProof    = reportError("words", "error.chat.proof")
	// ErrChatTaken refuses an id that is given, or somebody who has asked already.
	ErrChatTaken = &Error{Kind: Overtaken, Code: "error.chat.taken"}
	// ErrChatTurn refuses a message whose number is not the next.
	ErrChatTurn = &Error{Kind: Overtaken, Code: "error.chat.turn"}
	// ErrChatOver refuses what is for a chat that has ended.
	ErrChatOver = &Error{Kind: Spent, Code: "error.chat.over"}
	// ErrChatBlocked refuses somebody whom the author of the post has blocked.
	ErrChatBlocked = &Error{Kind: Shut, Code: "error.chat.blocked"}
	// ErrChats refuses one chat more than a post may have.
	ErrChats = &Error{Kind: Shut, Code: "error.chat.most"}
	// ErrChatFull refuses one message more than a chat may have.
	ErrChatFull = &Error{Kind: Shut, Code: "error.chat.full", Args: map[string]any{"max": ChatMessagesMax}}
	// ErrChatUnread refuses a message while too many wait to be read.
	ErrChatUnread = &Error{Kind: Shut, Code: "error.chat.unread", Args: map[string]any{"max": ChatUnreadMax}}
)

// ChatTopic is where the asker's pages of a chat listen. No board can be called so.
func ChatTopic(id PostID) string { return "chat/" + id.String() }

// ChatsTopic is where the pages of a post's author listen to its chats.
func ChatsTopic(post PostID) string { return "chats/" + post.String() }

// ChatStore is what Chats asks of its store. What has ended at now is not there; neither
// is anything under a post that is out of sight or takes no questions.
type ChatStore interface {
	// InsertChat stores a chat with its first message and that one's key. Past most that go
	// on it is ErrChats; who has asked before under the post is refused.
	InsertChat(ctx context.Context, c Chat, m ChatMessage, key Key, most int, now time.Time) (Chat, error)
	// Asked returns a post whose author may be asked.
	Asked(ctx context.Context, post PostID, now time.Time) (Post, error)
	// Chats returns those of a post, the first to ask first, with those that have ended and
	// are remembered.
	Chats(ctx context.Context, post PostID, now time.Time) ([]Chat, error)
	// Chat returns one, which may be over.
	Chat(ctx context.Context, post, id PostID, now time.Time) (Chat, error)
	// ChatMessages returns those that nobody has read, in the order of their numbers.
	ChatMessages(ctx context.Context, c Chat, now time.Time) ([]ChatMessage, error)
	// InsertChatMessage stores the next message of a side.
	InsertChatMessage(ctx context.Context, c Chat, m ChatMessage, key Key, now time.Time) error
	// ReadChat destroys the messages of a side up to a number, and says how many.
	ReadChat(ctx context.Context, c Chat, from ChatSide, n int, now time.Time) (int, error)
	// ChatCommit returns the commitment of a message, read or not.
	ChatCommit(ctx context.Context, c Chat, from ChatSide, n int, now time.Time) ([32]byte, error)
	// EndChat destroys what is unread in a chat, and says that it is over or blocked. Of
	// callers that do so at once, one does; for the others it is ErrChatOver.
	EndChat(ctx context.Context, c Chat, to ChatState, now time.Time) error
	// ReportChat keeps a report.
	ReportChat(ctx context.Context, r ChatReport, now time.Time) error
	// ChatReports returns what waits for an admin.
	ChatReports(ctx context.Context, now time.Time) ([]ChatReport, error)
	// DropChatReports lets go of the reports of a chat.
	DropChatReports(ctx context.Context, chat PostID) error
	// CountChats counts those that go on.
	CountChats(ctx context.Context, now time.Time) (ChatTotals, error)
	// TendChats destroys all chats of posts that have ended or are out of sight, and returns
	// those that went on.
	TendChats(ctx context.Context, now time.Time) ([]Chat, error)
}

// Chats is the rules of chats at work: it stores first and tells second.
type Chats struct {
	store ChatStore
	board *Board
	out   Publisher
	log   *slog.Logger
	alarm func(Waiting)
}

// NewChats puts Chats together.
func NewChats(store ChatStore, b *Board, out Publisher, log *slog.Logger, alarm func(Waiting)) *Chats {
	return &Chats{store: store, board: b, out: out, log: log, alarm: alarm}
}

// ChatDraft is a question as its asker would like it.
type ChatDraft struct {
	ID       PostID // its asker drew it
	Key      [65]byte
	Envelope Envelope
	Commit   [32]byte
}

// Ask begins a chat with the author of a post that visitor v can read. Who v is, is asked
// for the door alone, and not kept.
func (c *Chats) Ask(ctx context.Context, post PostID, v Visitor, b Bearer, d ChatDraft) (Chat, error) {
	p, err := c.board.inSight(ctx, post, v)
	if err != nil {
		return Chat{}, err
	}
	s := c.board.settings(p.Board)
	switch {
	case p.Asks == nil || p.IsReply() || !s.Chats:
		return Chat{}, errChatsOff
	case p.OwnedBy(v) || b.Hash() == p.Asks.Token:
		return Chat{}, errChatOwn
	case p.Locked:
		return Chat{}, ErrLocked
	}
	if err := c.board.MayReply(ctx, p.Board, v); err != nil {
		return Chat{}, err
	}
	if err := CheckKey(d.Key[:]); err != nil {
		return Chat{}, err
	}
	m := ChatMessage{From: AskerSide, N: 1, Envelope: d.Envelope, Commit: d.Commit}
	if err := m.check(); err != nil {
		return Chat{}, err
	}
	chat := Chat{ID: d.ID, Post: post, Key: d.Key, Token: b.Hash()}
	if chat, err = c.store.InsertChat(ctx, chat, m, NewKey(), s.ChatsMax, c.board.now()); err != nil {
		return Chat{}, fmt.Errorf("ask: %w", err)
	}
	c.tell(ctx, Born, chat)
	return chat, nil
}

// List returns the chats of a post to its author; for everybody else there are none.
func (c *Chats) List(ctx context.Context, post PostID, b Bearer) ([]Chat, error) {
	if _, err := c.Asked(ctx, post, b); err != nil {
		return nil, err
	}
	return c.store.Chats(ctx, post, c.board.now())
}

// Asked returns a post that may be asked about to its author. For everybody else, and
// outside the board's door, it is not there.
func (c *Chats) Asked(ctx context.Context, post PostID, b Bearer) (Post, error) {
	p, err := c.store.Asked(ctx, post, c.board.now())
	if err == nil && (p.Asks.Token != b.Hash() || c.board.enter(ctx, p.Board) != nil) {
		err = ErrNotFound
	}
	return p, err
}

// Chat returns a chat, which may be over, and whose side a bearer is on. For everybody
// else, and outside the board's door, it is not there.
func (c *Chats) Chat(ctx context.Context, post, id PostID, b Bearer) (Chat, ChatSide, error) {
	chat, err := c.store.Chat(ctx, post, id, c.board.now())
	if err != nil {
		return Chat{}, 0, err
	}
	side, err := chat.side(b)
	if err == nil && c.board.enter(ctx, chat.Board) != nil {
		err = ErrNotFound
	}
	if err != nil {
		return Chat{}, 0, err
	}
	return chat, side, nil
}

// Messages returns what is unread of both sides.
func (c *Chats) Messages(ctx context.Context, chat Chat) ([]ChatMessage, error) {
	if chat.State != ChatOn {
		return nil, ErrChatOver
	}
	return c.store.ChatMessages(ctx, chat, c.board.now())
}

// Write sends a message.
func (c *Chats) Write(ctx context.Context, chat Chat, m ChatMessage) error {
	if chat.State != ChatOn {
		return ErrChatOver
	}
	s := c.board.settings(chat.Board)
	if !s.Chats || !s.State.Writable() {
		return errChatsOff
	}
	if chat.Sent[m.From] >= ChatMessagesMax {
		return ErrChatFull
	}
	if chat.Unread[m.From] >= ChatUnreadMax {
		return ErrChatUnread
	}
	if err := m.check(); err != nil {
		return err
	}
	if err := c.store.InsertChatMessage(ctx, chat, m, NewKey(), c.board.now()); err != nil {
		return fmt.Errorf("write in chat: %w", err)
	}
	c.tell(ctx, Born, chat)
	return nil
}

// Read ends the messages of the other side up to a number: they were read.
func (c *Chats) Read(ctx context.Context, chat Chat, me ChatSide, n int) error {
	if chat.State != ChatOn {
		return ErrChatOver
	}
	read, err := c.store.ReadChat(ctx, chat, me.Other(), n, c.board.now())
	if err != nil {
		return fmt.Errorf("read chat: %w", err)
	}
	if read > 0 {
		c.tell(ctx, Changed, chat)
	}
	return nil
}

// End ends a chat for both sides.
func (c *Chats) End(ctx context.Context, chat Chat) error { return c.end(ctx, chat, ChatOver) }

// Block ends a chat, which may be over, and has its asker ask no more under this post. The
// asker, who alone begins chats, only ends it.
func (c *Chats) Block(ctx context.Context, chat Chat, me ChatSide) error {
	if me == AskerSide {
		return c.End(ctx, chat)
	}
	return c.block(ctx, chat)
}

// block ends a chat, and whatever else its asker has begun under the post since: from then
// on they begin nothing.
func (c *Chats) block(ctx context.Context, chat Chat) error {
	if err := c.end(ctx, chat, ChatBlocked); err != nil {
		return err
	}
	list, err := c.store.Chats(ctx, chat.Post, c.board.now())
	if err != nil {
		return fmt.Errorf("block: %w", err)
	}
	for _, other := range list {
		if other.Token != chat.Token || other.State == ChatBlocked {
			continue
		}
		if err := c.end(ctx, other, ChatBlocked); err != nil && !errors.Is(err, ErrChatOver) {
			return err
		}
	}
	return nil
}

func (c *Chats) end(ctx context.Context, chat Chat, to ChatState) error {
	if err := c.store.EndChat(ctx, chat, to, c.board.now()); err != nil {
		return fmt.Errorf("end chat: %w", err)
	}
	if chat.State == ChatOn {
		c.tell(ctx, Died, chat)
	}
	return nil
}

// Report tells an admin about a message of the other side, with its words: f proves that
// they are. What was read, or ended, can be reported as long as the post lives.
func (c *Chats) Report(ctx context.Context, chat Chat, me ChatSide, r ChatReport, f []byte) error {
	commit, err := c.store.ChatCommit(ctx, chat, me.Other(), r.N, c.board.now())
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, f)
	mac.Write([]byte(r.Words))
	if len(f) != 32 || len(r.Words) > 4*ReportedChars || !hmac.Equal(mac.Sum(nil), commit[:]) {
		return errChatProof
	}
	r.Chat, r.Post, r.From = chat.ID, chat.Post, me.Other()
	if err := c.store.ReportChat(ctx, r, c.board.now()); err != nil {
		return fmt.Errorf("report in chat: %w", err)
	}
	c.alarm(Reported)
	return nil
}

// Reports returns what waits for an admin.
func (c *Chats) Reports(ctx context.Context) ([]ChatReport, error) {
	return c.store.ChatReports(ctx, c.board.now())
}

// TakeDown has an admin end a chat that was reported with its words; whoever asked in it
// asks no more under that post. It is in the log for all.
func (c *Chats) TakeDown(ctx context.Context, by string, r ChatReport) error {
	chat, err := c.store.Chat(ctx, r.Post, r.Chat, c.board.now())
	if err != nil {
		return err
	}
	if chat.State != ChatBlocked {
		if err := c.block(ctx, chat); err != nil {
			return err
		}
	}
	if err := c.LetStand(ctx, r.Chat); err != nil {
		return err
	}
	return c.board.Audit(ctx, Entry{By: by, Action: ActChatEnd, Board: chat.Board, Reason: string(r.Reason)})
}

// LetStand has an admin let go of the reports of a chat.
func (c *Chats) LetStand(ctx context.Context, chat PostID) error {
	return c.store.DropChatReports(ctx, chat)
}

// Totals are what admins see of chats: how many.
func (c *Chats) Totals(ctx context.Context) (ChatTotals, error) {
	return c.store.CountChats(ctx, c.board.now())
}

// Tend ends the chats of posts that have ended, or that nobody may read any more.
func (c *Chats) Tend(ctx context.Context) error {
	ended, err := c.store.TendChats(ctx, c.board.now())
	for _, chat := range ended {
		c.tell(ctx, Died, chat)
	}
	return err
}

// tell tells both sides; ids alone are in the event.
func (c *Chats) tell(ctx context.Context, kind EventKind, chat Chat) {
	for _, topic := range []string{ChatTopic(chat.ID), ChatsTopic(chat.Post)} {
		e := Event{Kind: kind, Board: topic, Thread: chat.ID, ID: chat.ID, Post: Post{ID: chat.ID, Thread: chat.Post}}
		if err := c.out.Publish(context.WithoutCancel(ctx), e); err != nil {
			c.log.ErrorContext(ctx, "an event of a chat was not told; open pages catch up at their next return", "err", err)
		}
	}
}
