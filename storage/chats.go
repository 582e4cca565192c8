package storage

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

var _ board.ChatStore = (*Store)(nil)

// What a chat holds lies in boxes under the key of its post, bound to the chat's id: so
// whatever ends the post ends them with it. A message has a key of its own besides, which
// goes when it is read.
const (
	partAsker      = "chat"
	partMessage    = "chat message "
	partProof      = "chat proof "
	partChatReport = "chat report "
)

// messagePart names a box of one message.
func messagePart(part string, from board.ChatSide, n int) string {
	return part + from.String() + " " + strconv.Itoa(n)
}

// askedPost is a post whose author may be asked, with its key.
type askedPost struct {
	board.Post
	key board.Key
}

func (s *Store) askedPost(ctx context.Context, q querier, id board.PostID, now time.Time) (askedPost, error) {
	r, err := postByID(ctx, q, id, now)
	if err != nil {
		return askedPost{}, err
	}
	key, err := s.rootKey(r, now)
	if err != nil {
		return askedPost{}, err
	}
	p, err := s.open(r, now)
	if err == nil && (p.Asks == nil || !p.InSight()) {
		err = board.ErrNotFound
	}
	return askedPost{p, key}, err
}

// Asked returns a post whose author may be asked.
func (s *Store) Asked(ctx context.Context, post board.PostID, now time.Time) (board.Post, error) {
	now = s.at(now)
	var p askedPost
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		p, err = s.askedPost(ctx, q, post, now)
		return err
	})
	return p.Post, wrap("read post", err)
}

// chatRow is a chat as it is stored.
type chatRow struct {
	board.Chat
	box []byte
}

const chatColumns = `
	c.seq, c.id, c.post, c.state, c.box,
	(SELECT count(*) FROM chat_messages m WHERE m.chat = c.seq AND m.side = 0),
	(SELECT count(*) FROM chat_messages m WHERE m.chat = c.seq AND m.side = 1),
	(SELECT count(*) FROM chat_messages m WHERE m.chat = c.seq AND m.side = 0 AND m.slot IS NOT NULL),
	(SELECT count(*) FROM chat_messages m WHERE m.chat = c.seq AND m.side = 1 AND m.slot IS NOT NULL)`

func scanChat(scan scanner) (c chatRow, err error) {
	var id, post []byte
	if err := scan(&c.Seq, &id, &post, &c.State, &c.box, &c.Sent[0], &c.Sent[1], &c.Unread[0], &c.Unread[1]); err != nil {
		return c, err
	}
	c.ID, c.Post = board.PostID(id), board.PostID(post)
	return c, nil
}

// openChat gives the chat in a row, under its post.
func (s *Store) openChat(c chatRow, p askedPost) (board.Chat, error) {
	plain, err := unsealPart(p.key, c.ID, partAsker, c.box)
	if err != nil || len(plain) != len(c.Key)+len(c.Token) {
		s.log.Error("a stored box is damaged; its chat is gone")
		return board.Chat{}, board.ErrNotFound
	}
	c.Key, c.Token = [65]byte(plain), [32]byte(plain[len(c.Key):])
	c.Author, c.Board, c.Life = *p.Asks, p.Board, p.Life
	return c.Chat, nil
}

// InsertChat stores a chat with its first message and that one's key.
func (s *Store) InsertChat(ctx context.Context, c board.Chat, m board.ChatMessage, key board.Key, most int, now time.Time) (board.Chat, error) {
	const insert = `
		INSERT INTO chats (id, post, box)
		VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`
	err := s.birthInChat(ctx, c, m, key, now, func(ctx context.Context, tx *sql.Tx, p askedPost) error {
		if err := s.room(ctx, tx, c, p, most); err != nil {
			return err
		}
		box, err := sealPart(p.key, c.ID, partAsker, slices.Concat(c.Key[:], c.Token[:]))
		if err != nil {
			return err
		}
		result, err := tx.ExecContext(ctx, insert, c.ID[:], c.Post[:], box)
		n, err := affected(result, err)
		if err == nil && n == 0 {
			err = board.ErrChatTaken
		}
		if err != nil {
			return err
		}
		s.talks.begin(c.Post)
		c.Seq, err = result.LastInsertId()
		c.Author, c.Board, c.Life, c.Sent[m.From], c.Unread[m.From] = *p.Asks, p.Board, p.Life, 1, 1
		return err
	}, func() int64 { return c.Seq })
	return c, wrap("ask", err)
}

// room refuses who has asked under the post before, and one chat too many. Of those that
// are over, the oldest makes room that nobody waits to decide about.
func (s *Store) room(ctx context.Context, tx querier, c board.Chat, p askedPost, most int) error {
	const oldest = `
		DELETE FROM chats
		WHERE seq = (
			SELECT min(seq)
			FROM chats
			WHERE post = $1 AND state = 1 AND NOT EXISTS (SELECT 1 FROM chat_reports r WHERE r.chat = chats.id)
		)`
	rows, err := chatsOf(ctx, tx, c.Post)
	if err != nil {
		return err
	}
	on := 0
	for _, row := range rows {
		other, err := s.openChat(row, p)
		switch {
		case err != nil:
			continue
		case other.Token == c.Token && other.State == board.ChatBlocked:
			return board.ErrChatBlocked
		case other.Token == c.Token && other.State == board.ChatOn:
			return board.ErrChatTaken
		case other.State == board.ChatOn:
			on++
		}
	}
	if on >= most {
		return board.ErrChats
	}
	if len(rows)-on < board.ChatsEndedMax {
		return nil
	}
	n, err := affected(tx.ExecContext(ctx, oldest, c.Post[:]))
	if err == nil && n == 0 {
		err = board.ErrChats
	}
	return err
}

func chatsOf(ctx context.Context, q querier, post board.PostID) ([]chatRow, error) {
	const find = `
		SELECT ` + chatColumns + `
		FROM chats c
		WHERE c.post = $1
		ORDER BY c.seq`
	return all(ctx, q, scanChat, find, post[:])
}

// birthInChat stores a message with its key, once before says that it may: chat is the
// chat's seq then.
func (s *Store) birthInChat(ctx context.Context, c board.Chat, m board.ChatMessage, key board.Key, now time.Time,
	before func(ctx context.Context, tx *sql.Tx, p askedPost) error, chat func() int64,
) error {
	const insert = `
		INSERT INTO chat_messages (chat, side, n, slot, gen, box, proof)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	now = s.at(now)
	p, err := s.Asked(ctx, c.Post, now)
	if err != nil {
		return err
	}
	b := &birth{key: key, capAt: p.Life.CapAt, endsAt: p.Life.CapAt} // as a reply's: the post's key ends it
	return s.do(&op{
		ctx: ctx, birth: b, bytes: len(m.Envelope),
		run: func(ctx context.Context, tx *sql.Tx) error {
			p, err := s.askedPost(ctx, tx, c.Post, s.at(now))
			if err != nil {
				return err
			}
			if err := before(ctx, tx, p); err != nil {
				return err
			}
			box, err := sealPart(key.Under(p.key), c.ID, messagePart(partMessage, m.From, m.N), m.Envelope)
			if err != nil {
				return err
			}
			proof, err := sealPart(p.key, c.ID, messagePart(partProof, m.From, m.N), m.Commit[:])
			if err != nil {
				return err
			}
			slot, gen := refArgs(b.ref)
			return execute(ctx, tx, insert, chat(), int64(m.From), m.N, slot, gen, box, proof)
		},
	})
}

// InsertChatMessage stores the next message of a side.
func (s *Store) InsertChatMessage(ctx context.Context, c board.Chat, m board.ChatMessage, key board.Key, now time.Time) error {
	return wrap("write in chat", s.birthInChat(ctx, c, m, key, now, func(ctx context.Context, tx *sql.Tx, _ askedPost) error {
		row, err := chatByID(ctx, tx, c.Post, c.ID)
		switch {
		case err != nil:
			return err
		case row.State != board.ChatOn:
			return board.ErrChatOver
		case row.Sent[m.From]+1 != m.N:
			return board.ErrChatTurn
		}
		return nil
	}, func() int64 { return c.Seq }))
}

func chatByID(ctx context.Context, q querier, post, id board.PostID) (chatRow, error) {
	const find = `
		SELECT ` + chatColumns + `
		FROM chats c
		WHERE c.id = $1 AND c.post = $2`
	return found(scanChat(q.QueryRowContext(ctx, find, id[:], post[:]).Scan))
}

// Chats returns those of a post, the first to ask first, with those that have ended and are
// remembered.
func (s *Store) Chats(ctx context.Context, post board.PostID, now time.Time) (list []board.Chat, err error) {
	now = s.at(now)
	var p askedPost
	var rows []chatRow
	err = s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if p, err = s.askedPost(ctx, q, post, now); err != nil {
			return err
		}
		rows, err = chatsOf(ctx, q, post)
		return err
	})
	for _, row := range rows {
		if c, err := s.openChat(row, p); err == nil {
			list = append(list, c)
		}
	}
	return list, wrap("read chats", err)
}

// Chat returns one, which may be over.
func (s *Store) Chat(ctx context.Context, post, id board.PostID, now time.Time) (board.Chat, error) {
	now = s.at(now)
	var p askedPost
	var row chatRow
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if p, err = s.askedPost(ctx, q, post, now); err != nil {
			return err
		}
		row, err = chatByID(ctx, q, post, id)
		return err
	})
	if err != nil {
		return board.Chat{}, wrap("read chat", err)
	}
	return s.openChat(row, p)
}

// messageRow is a message as it is stored.
type messageRow struct {
	board.ChatMessage
	ref        keys.Ref
	box, proof []byte
}

func scanMessage(scan scanner) (m messageRow, err error) {
	var slot, gen int64
	if err := scan(&m.From, &m.N, &slot, &gen, &m.box, &m.proof); err != nil {
		return m, err
	}
	m.ref = ref(slot, gen)
	return m, nil
}

// ChatMessages returns those that nobody has read, in the order of their numbers.
func (s *Store) ChatMessages(ctx context.Context, c board.Chat, now time.Time) (list []board.ChatMessage, err error) {
	const find = `
		SELECT side, n, slot, gen, box, proof
		FROM chat_messages
		WHERE chat = $1 AND slot IS NOT NULL
		ORDER BY seq`
	now = s.at(now)
	var p askedPost
	var rows []messageRow
	err = s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if p, err = s.askedPost(ctx, q, c.Post, now); err != nil {
			return err
		}
		rows, err = all(ctx, q, scanMessage, find, c.Seq)
		return err
	})
	for _, row := range rows {
		if m, err := s.openMessage(row, c, p, now); err == nil {
			list = append(list, m)
		}
	}
	return list, wrap("read chat", err)
}

// openMessage gives the message in a row. One without its key is read.
func (s *Store) openMessage(row messageRow, c board.Chat, p askedPost, now time.Time) (m board.ChatMessage, err error) {
	own, err := s.keys.Key(row.ref, now)
	if err != nil {
		return m, board.ErrNotFound
	}
	envelope, err := unsealPart(own.Under(p.key), c.ID, messagePart(partMessage, row.From, row.N), row.box)
	if err != nil {
		s.log.Error("a stored box is damaged; its message is gone")
		return m, board.ErrNotFound
	}
	row.Envelope = envelope
	row.Commit, err = openProof(p.key, c.ID, row.From, row.N, row.proof)
	return row.ChatMessage, err
}

func openProof(key board.Key, chat board.PostID, from board.ChatSide, n int, box []byte) (commit [32]byte, err error) {
	plain, err := unsealPart(key, chat, messagePart(partProof, from, n), box)
	if err != nil || len(plain) != len(commit) {
		return commit, board.ErrNotFound
	}
	return [32]byte(plain), nil
}

// ChatCommit returns the commitment of a message, read or not.
func (s *Store) ChatCommit(ctx context.Context, c board.Chat, from board.ChatSide, n int, now time.Time) ([32]byte, error) {
	const find = `
		SELECT proof
		FROM chat_messages
		WHERE chat = $1 AND side = $2 AND n = $3`
	now = s.at(now)
	var p askedPost
	var box []byte
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if p, err = s.askedPost(ctx, q, c.Post, now); err != nil {
			return err
		}
		box, err = found(box, q.QueryRowContext(ctx, find, c.Seq, int64(from), n).Scan(&box))
		return err
	})
	if err != nil {
		return [32]byte{}, wrap("read chat", err)
	}
	return openProof(p.key, c.ID, from, n, box)
}

// ReadChat destroys the messages of a side up to a number, and says how many.
func (s *Store) ReadChat(ctx context.Context, c board.Chat, from board.ChatSide, n int, now time.Time) (read int, err error) {
	const find = `
		SELECT slot, gen
		FROM chat_messages
		WHERE chat = $1 AND side = $2 AND n <= $3 AND slot IS NOT NULL`
	const empty = `
		UPDATE chat_messages
		SET slot = NULL, gen = NULL, box = NULL
		WHERE chat = $1 AND side = $2 AND n <= $3 AND slot IS NOT NULL`
	if _, err := s.Asked(ctx, c.Post, now); err != nil {
		return 0, err
	}
	args := []any{c.Seq, int64(from), n}
	err = s.destroyMessages(ctx, func(ctx context.Context, tx querier) (err error) {
		read, err = affected(tx.ExecContext(ctx, empty, args...))
		return err
	}, find, args...)
	return read, wrap("read chat", err)
}

// keysOfChat are those of what is unread in a chat.
const keysOfChat = `
	SELECT slot, gen
	FROM chat_messages
	WHERE chat = $1 AND slot IS NOT NULL`

// EndChat destroys what is unread in a chat, and says that it is over or blocked.
func (s *Store) EndChat(ctx context.Context, c board.Chat, to board.ChatState, now time.Time) error {
	const end = `
		UPDATE chats
		SET state = $1
		WHERE seq = $2 AND state < $1`
	const empty = `
		UPDATE chat_messages
		SET slot = NULL, gen = NULL, box = NULL
		WHERE chat = $1 AND slot IS NOT NULL`
	if _, err := s.Asked(ctx, c.Post, now); err != nil {
		return err
	}
	return wrap("end chat", s.destroyMessages(ctx, func(ctx context.Context, tx querier) error {
		n, err := affected(tx.ExecContext(ctx, end, int64(to), c.Seq))
		if err == nil && n == 0 {
			err = board.ErrChatOver
		}
		if err != nil {
			return err
		}
		late, err := all(ctx, tx, scanRef, keysOfChat, c.Seq) // written since the keys went
		s.keys.Drop(late...)
		return errors.Join(err, execute(ctx, tx, empty, c.Seq))
	}, keysOfChat, c.Seq))
}

// destroyMessages destroys the keys that find names, and changes rows then: keys first, as
// everywhere.
func (s *Store) destroyMessages(ctx context.Context, change func(ctx context.Context, tx querier) error, find string, args ...any) error {
	if err := s.dropMessages(ctx, find, args...); err != nil {
		return err
	}
	if err := s.keys.Erase(); err != nil {
		return err
	}
	return s.do(&op{
		ctx:   context.WithoutCancel(ctx),
		run:   func(ctx context.Context, tx *sql.Tx) error { return change(ctx, tx) },
		after: func() { s.deleted.Add(1) }, // so that the journal is scrubbed
	})
}

// dropMessages closes the door on what find names, while nothing is written.
func (s *Store) dropMessages(ctx context.Context, find string, args ...any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	refs, err := all(ctx, s.writer, scanRef, find, args...)
	if err != nil {
		return err
	}
	s.keys.Drop(refs...)
	return nil
}

// ReportChat keeps a report.
func (s *Store) ReportChat(ctx context.Context, r board.ChatReport, now time.Time) error {
	const insert = `
		INSERT INTO chat_reports (chat, post, side, n, reason, box)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (chat, side, n) DO UPDATE SET reason = excluded.reason, box = excluded.box`
	return wrap("report in chat", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			p, err := s.askedPost(ctx, tx, r.Post, s.at(now))
			if err != nil {
				return err
			}
			box, err := sealPart(p.key, r.Chat, messagePart(partChatReport, r.From, r.N), []byte(r.Words))
			if err != nil {
				return err
			}
			return execute(ctx, tx, insert, r.Chat[:], r.Post[:], int64(r.From), r.N, string(r.Reason), box)
		},
	}))
}

// ChatReports returns what waits for an admin, the first to end first.
func (s *Store) ChatReports(ctx context.Context, now time.Time) (list []board.ChatReport, err error) {
	const find = `
		SELECT chat, post, side, n, reason, box
		FROM chat_reports
		LIMIT 200`
	type reported struct {
		board.ChatReport
		box []byte
	}
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		rows, err := all(ctx, q, func(scan scanner) (r reported, err error) {
			var chat, post []byte
			if err := scan(&chat, &post, &r.From, &r.N, &r.Reason, &r.box); err != nil {
				return r, err
			}
			r.Chat, r.Post = board.PostID(chat), board.PostID(post)
			return r, nil
		}, find)
		for _, r := range rows {
			p, err := s.askedPost(ctx, q, r.Post, now)
			if err != nil {
				continue
			}
			words, err := unsealPart(p.key, r.Chat, messagePart(partChatReport, r.From, r.N), r.box)
			if err != nil {
				continue
			}
			r.Words, r.Left = string(words), p.Life.Left(now)
			list = append(list, r.ChatReport)
		}
		return err
	})
	slices.SortStableFunc(list, func(a, b board.ChatReport) int { return int(a.Left - b.Left) })
	return list, wrap("read reports of chats", err)
}

// DropChatReports lets go of the reports of a chat.
func (s *Store) DropChatReports(ctx context.Context, chat board.PostID) error {
	const remove = `
		DELETE FROM chat_reports
		WHERE chat = $1`
	return wrap("drop reports", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error { return execute(ctx, tx, remove, chat[:]) },
	}))
}

// CountChats counts those that go on, under the first 10,000 posts.
func (s *Store) CountChats(ctx context.Context, now time.Time) (n board.ChatTotals, err error) {
	const count = `
		SELECT count(*), COALESCE(sum(going), 0)
		FROM (
			SELECT count(*) AS going
			FROM chats
			JOIN posts p ON p.id = chats.post
			WHERE chats.state = 0 AND p.ends_at > $1
			GROUP BY chats.post
			LIMIT 10000
		)`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, count, now.UnixMilli()).Scan(&n.Posts, &n.Chats)
	})
	return n, wrap("count chats", err)
}

// talks are the posts that have chats, and those of them under which there may be none any
// more: so that a sweep looks at what ended, however many chats go on.
type talks struct {
	mu        sync.Mutex
	all, over map[board.PostID]struct{}
}

func (t *talks) begin(post board.PostID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all, t.over = map[board.PostID]struct{}{}, map[board.PostID]struct{}{}
	}
	t.all[post] = struct{}{}
}

// mark has the next TendChats look at posts that have ended, or may be out of sight.
func (t *talks) mark(posts ...board.PostID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, post := range posts {
		if _, ok := t.all[post]; ok {
			t.over[post] = struct{}{}
		}
	}
}

func (t *talks) take() []board.PostID {
	t.mu.Lock()
	defer t.mu.Unlock()
	marked := slices.Collect(maps.Keys(t.over))
	clear(t.over)
	return marked
}

func (t *talks) forget(post board.PostID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, post)
}

// TendChats destroys all chats of posts that have ended or are out of sight, and returns
// those that went on.
func (s *Store) TendChats(ctx context.Context, now time.Time) (ended []board.Chat, err error) {
	now = s.at(now)
	marked := s.talks.take()
	for i, post := range marked {
		list, err := s.tendChatsOf(ctx, post, now)
		if err != nil {
			s.talks.begin(post)
			s.talks.mark(marked[i:]...)
			return ended, wrap("tend chats", err)
		}
		ended = append(ended, list...)
	}
	return ended, nil
}

func (s *Store) tendChatsOf(ctx context.Context, post board.PostID, now time.Time) ([]board.Chat, error) {
	const find = `
		SELECT slot, gen
		FROM posts
		WHERE id = $1 AND ends_at > $2 AND standing = ''`
	var inSight bool
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		r, err := scanRef(q.QueryRowContext(ctx, find, post[:], now.UnixMilli()).Scan)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		inSight = s.keys.Has(r)
		return err
	})
	if err != nil || inSight {
		return nil, err
	}
	return s.endChatsOf(ctx, post)
}

// endChatsOf destroys all chats of a post, and returns those that went on. Their boxes
// closed with the post's key, or can't be reached any more.
func (s *Store) endChatsOf(ctx context.Context, post board.PostID) (ended []board.Chat, err error) {
	const find = `
		SELECT m.slot, m.gen
		FROM chats c
		JOIN chat_messages m ON m.chat = c.seq
		WHERE c.post = $1 AND m.slot IS NOT NULL`
	const reports = `
		DELETE FROM chat_reports
		WHERE post = $1`
	const chats = `
		DELETE FROM chats
		WHERE post = $1`
	err = s.destroyMessages(ctx, func(ctx context.Context, tx querier) error {
		rows, err := chatsOf(ctx, tx, post)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.State == board.ChatOn {
				ended = append(ended, row.Chat)
			}
		}
		late, err := all(ctx, tx, scanRef, find, post[:])
		s.keys.Drop(late...)
		if err := errors.Join(err, execute(ctx, tx, reports, post[:]), execute(ctx, tx, chats, post[:])); err != nil {
			return err
		}
		s.talks.forget(post) // here, where nobody asks at the same time
		return nil
	}, find, post[:])
	return ended, err
}

// compareChats learns which posts have chats. The first TendChats looks at all of them.
func (s *Store) compareChats(ctx context.Context) error {
	const find = `
		SELECT DISTINCT post
		FROM chats
		UNION ALL
		SELECT DISTINCT post
		FROM chat_reports`
	return each(ctx, s.writer, func(scan scanner) error {
		var post []byte
		if err := scan(&post); err != nil {
			return err
		}
		s.talks.begin(board.PostID(post))
		s.talks.mark(board.PostID(post))
		return nil
	}, find)
}

// compareMessages tells of the keys of chats' messages, and empties rows without one.
func (s *Store) compareMessages(ctx context.Context, meet func(keys.Ref, time.Time)) error {
	const q = `
		SELECT m.slot, m.gen, p.cap_at, m.seq
		FROM chat_messages m
		JOIN chats c ON c.seq = m.chat
		JOIN posts p ON p.id = c.post
		WHERE m.slot IS NOT NULL`
	const empty = `
		UPDATE chat_messages
		SET slot = NULL, gen = NULL, box = NULL
		WHERE seq = $1`
	var lost []int64
	err := each(ctx, s.writer, func(scan scanner) error {
		var slot, gen, capAt, seq int64
		if err := scan(&slot, &gen, &capAt, &seq); err != nil {
			return err
		}
		meet(ref(slot, gen), millis(capAt))
		if !s.keys.Has(ref(slot, gen)) {
			lost = append(lost, seq)
		}
		return nil
	}, q)
	for _, seq := range lost {
		err = errors.Join(err, execute(ctx, s.writer, empty, seq))
	}
	return err
}
