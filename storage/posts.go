package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// row is a post or reply as it is stored. A reply has its thread's life.
type row struct {
	board.Post
	ref  keys.Ref
	root keys.Ref // of the thread; a post's own
	box  []byte

	spent bool // its last opening was counted; the key goes with that batch
}

// The columns that scanRow reads, of a post and of a reply.
const (
	postColumns = `
		p.seq, p.id, p.board, p.id, p.since, p.until, p.ends_at, p.cap_at, p.grid, p.silence,
		p.replies - p.waiting, p.hearts, p.score, p.unlisted, p.view_once, p.readers, p.prompt, p.sponsored,
		p.standing, '', p.care, p.short, p.locked, 0, p.arrivals, p.slot, p.gen, p.slot, p.gen, p.own, p.box`
	replyColumns = `
		r.seq, r.id, p.board, p.id, p.since, p.until, p.ends_at, p.cap_at, p.grid, p.silence,
		0, r.hearts, r.score, p.unlisted, 0, NULL, '', 0,
		r.standing, p.standing, r.care, 0, p.locked, r.staff, 0, r.slot, r.gen, p.slot, p.gen, r.own, r.box`
)

func scanRow(scan scanner) (row, error) {
	var r row
	var id, thread, own []byte
	var since, until, endsAt, capAt, grid, silence, slot, gen, rootSlot, rootGen int64
	var readers sql.NullInt64
	if err := scan(&r.Seq, &id, &r.Board, &thread, &since, &until, &endsAt, &capAt, &grid, &silence,
		&r.Replies, &r.Hearts, &r.Score, &r.Unlisted, &r.ViewOnce, &readers, &r.Prompt, &r.Sponsored,
		&r.Standing, &r.Under, &r.Care, &r.Short, &r.Locked, &r.Staff, &r.Arrivals, &slot, &gen, &rootSlot, &rootGen, &own, &r.box); err != nil {
		return row{}, err
	}
	r.ID, r.Thread, r.Own = board.PostID(id), board.PostID(thread), board.Tag(own)
	r.Life = board.Life{
		Since: millis(since), Until: millis(until), EndsAt: millis(endsAt), CapAt: millis(capAt),
		Grid: duration(grid), Silence: duration(silence),
	}
	r.Readers, r.spent = int(readers.Int64), readers.Valid && readers.Int64 == 0
	r.ref, r.root = ref(slot, gen), ref(rootSlot, rootGen)
	return r, nil
}

func duration(ms int64) time.Duration { return time.Duration(ms) * time.Millisecond }

// rootKey is the key of r's thread, unless r has ended at now: its thread's key
// and its own must be there.
func (s *Store) rootKey(r row, now time.Time) (board.Key, error) {
	key, err := s.keys.Key(r.root, now)
	if err != nil || r.spent || r.Life.Ended(now) || r.IsReply() && !s.keys.Has(r.ref) {
		return board.Key{}, board.ErrNotFound
	}
	return key, nil
}

// opener is what a row can be opened with, even after its keys were destroyed.
type opener struct {
	secret board.Secret
	box    board.Key
}

// opener finds the keys of a row. A row without its keys is no row.
func (s *Store) opener(r row, now time.Time) (opener, error) {
	root, err := s.rootKey(r, now)
	if err != nil {
		return opener{}, err
	}
	if !r.IsReply() {
		return opener{secret: root.Secret(), box: root}, nil
	}
	own, err := s.keys.Key(r.ref, now)
	if err != nil {
		return opener{}, board.ErrNotFound
	}
	return opener{secret: root.Secret(), box: own.Under(root)}, nil
}

// open gives the post in a row.
func (s *Store) open(r row, now time.Time) (board.Post, error) {
	o, err := s.opener(r, now)
	if err != nil {
		return board.Post{}, err
	}
	p, err := s.openWith(o, r)
	return p.Seal(), err
}

// openWith opens a row's box. A damaged one costs that post alone.
func (s *Store) openWith(o opener, r row) (board.Post, error) {
	content, err := unseal(o.box, r.ID, r.box)
	if err != nil {
		s.log.Error("a stored box is damaged; its post is gone")
		return board.Post{}, board.ErrNotFound
	}
	r.Name, r.Body, r.Warning, r.Backdrop, r.Picture = content.Name, content.Body, content.Warning, content.Backdrop, content.Picture
	r.Place, r.To, r.Sign, r.Asks = content.Place, content.To, content.Sign, content.Asks
	r.Secret = o.secret
	return r.Post, nil
}

// openAll opens those rows that are alive.
func (s *Store) openAll(rows []row, now time.Time) []board.Post {
	posts := make([]board.Post, 0, len(rows))
	for _, r := range rows {
		if p, err := s.open(r, now); err == nil {
			posts = append(posts, p)
		}
	}
	return posts
}

// InsertPost stores a post and its key, durably, before it returns its Seq.
func (s *Store) InsertPost(ctx context.Context, p board.Post, key board.Key) (seq int64, err error) {
	return s.putPost(ctx, p, key, 0)
}

// putPost stores a post; a prompt answers for a question that waits to be planted.
func (s *Store) putPost(ctx context.Context, p board.Post, key board.Key, question int64) (seq int64, err error) {
	box, err := seal(key, p)
	if err != nil {
		return 0, wrap("seal post", err)
	}
	parts, err := sealParts(key, p)
	if err != nil {
		return 0, wrap("seal picture", err)
	}
	b := &birth{key: key, capAt: p.Life.CapAt, endsAt: p.Life.EndsAt}
	err = s.do(&op{
		ctx:   ctx,
		birth: b,
		adds:  p.Prompt == board.NoPrompt,
		bytes: len(box) + sizeOf(parts),
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			if err := s.fits(p); err != nil {
				return err
			}
			if seq, err = insertPost(ctx, tx, p, b.ref, box); err != nil {
				return err
			}
			if err := insertParts(ctx, tx, seq, parts); err != nil {
				return err
			}
			if p.Prompt != "" { // the host has no name that an answer could clash with
				return plant(ctx, tx, p, question)
			}
			return insertVoice(ctx, tx, seq, p.Voice, p.Secret.NameTag(p.Name))
		},
	})
	return seq, wrap("insert post", err)
}

// fits refuses a post whose board has gone, or has been given an earlier closing
// date, since the post was drawn up: Cap may have passed by already.
func (s *Store) fits(p board.Post) error {
	b, there := s.findBoard(p.Board)
	switch {
	case !there:
		return board.ErrNotFound
	case !b.ClosesAt.IsZero() && p.Life.CapAt.After(b.ClosesAt):
		return &board.Error{Kind: board.Busy, Code: "error.busy", Err: errors.New("the board's closing date has just moved")}
	}
	return nil
}

func insertPost(ctx context.Context, q querier, p board.Post, r keys.Ref, box []byte) (int64, error) {
	const insert = `
		INSERT INTO posts (id, board, since, until, ends_at, cap_at, grid, silence, unlisted, view_once, readers, prompt, sponsored, standing, care, short, queued, heat, slot, gen, own, box)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`
	slot, gen := refArgs(r)
	l := p.Life
	result, err := q.ExecContext(ctx, insert, p.ID[:], p.Board, l.Since.UnixMilli(), l.Until.UnixMilli(), l.EndsAt.UnixMilli(),
		l.CapAt.UnixMilli(), l.Grid.Milliseconds(), l.Silence.Milliseconds(), p.Unlisted, p.ViewOnce,
		sql.NullInt64{Int64: int64(p.Readers), Valid: p.Readers > 0}, p.Prompt, p.Sponsored,
		p.Standing, p.Care, p.Short, waitsForAdmin(p), p.Heat(), slot, gen, p.Own[:], box)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// waitsForAdmin says whether an admin is to look at what is born.
func waitsForAdmin(p board.Post) bool { return p.Standing != board.Shown || p.Care }

func insertVoice(ctx context.Context, q querier, thread int64, tag, name board.Tag) error {
	const insert = `
		INSERT INTO voices (thread, tag, name)
		VALUES ($1, $2, $3)`
	_, err := q.ExecContext(ctx, insert, thread, tag[:], name[:])
	return err
}

// InsertReply stores a reply with its key, gives voice its name in the thread, and
// counts the reply.
func (s *Store) InsertReply(ctx context.Context, r board.Post, key board.Key, voice board.Voice, now time.Time) (reply, root board.Post, err error) {
	now = s.at(now)
	thread, err := s.findPost(ctx, r.Thread, now)
	if err != nil {
		return board.Post{}, board.Post{}, wrap("insert reply", err)
	}
	b := &birth{key: key, capAt: thread.Life.CapAt, endsAt: thread.Life.CapAt}
	var opens opener
	err = s.do(&op{
		ctx:   ctx,
		birth: b,
		adds:  true,
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			if thread, err = postByID(ctx, tx, r.Thread, s.at(now)); err != nil {
				return err
			}
			if opens, err = s.opener(thread, s.at(now)); err != nil {
				return err
			}
			if err := takes(thread.Post, r); err != nil {
				return err
			}
			if r.Standing != board.Held { // nobody has heard that one
				thread.Replies++
				thread.Life = thread.Life.Heard(now)
			}
			if err := countReply(ctx, tx, thread.Post, r.Standing); err != nil {
				return err
			}
			r.Board, r.Life, r.Unlisted, r.Secret = thread.Board, thread.Life, thread.Unlisted, opens.secret
			if !r.Staff { // who has no name that another could clash with
				if r.Name, err = claimName(ctx, tx, thread.Seq, voice, r.Secret); err != nil {
					return err
				}
			}
			r.Seq, err = insertReply(ctx, tx, r, thread.Seq, b.ref, key.Under(opens.box))
			return err
		},
		after: func() { s.keys.SetEnds(thread.ref, thread.Life.EndsAt) },
	})
	if err != nil {
		return board.Post{}, board.Post{}, wrap("insert reply", err)
	}
	root, err = s.openWith(opens, thread)
	return r, root.Seal(), err
}

// takes refuses a visitor's reply to a thread that has just been locked or hidden.
func takes(root, r board.Post) error {
	switch {
	case r.Staff:
		return nil
	case root.Locked:
		return board.ErrLocked
	case !root.InSight():
		return board.ErrHidden
	}
	return nil
}

func insertReply(ctx context.Context, tx querier, r board.Post, thread int64, at keys.Ref, key board.Key) (int64, error) {
	box, err := seal(key, r)
	if err != nil {
		return 0, err
	}
	const insert = `
		INSERT INTO replies (id, thread, standing, care, queued, staff, slot, gen, own, box)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	slot, gen := refArgs(at)
	result, err := tx.ExecContext(ctx, insert, r.ID[:], thread, r.Standing, r.Care, waitsForAdmin(r), r.Staff, slot, gen, r.Own[:], box)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// claimName gives a voice the name it has in the thread, or the first that is
// free. The table holds tags, not names, so names are tried in their order.
func claimName(ctx context.Context, tx querier, thread int64, voice board.Voice, secret board.Secret) (board.Name, error) {
	const find = `
		SELECT name
		FROM voices
		WHERE thread = $1 AND tag = $2`
	var known []byte
	err := tx.QueryRowContext(ctx, find, thread, voice.Tag[:]).Scan(&known)
	switch {
	case err == nil:
		return findName(voice.Draws, func(n board.Name) (bool, error) {
			return secret.NameTag(n) == board.Tag(known), nil
		})
	case !errors.Is(err, sql.ErrNoRows):
		return board.Name{}, err
	}
	const claim = `
		INSERT INTO voices (thread, tag, name)
		VALUES ($1, $2, $3)
		ON CONFLICT (thread, name) DO NOTHING`
	return findName(voice.Draws, func(n board.Name) (bool, error) {
		tag := secret.NameTag(n)
		result, err := tx.ExecContext(ctx, claim, thread, voice.Tag[:], tag[:])
		if err != nil {
			return false, err
		}
		claimed, err := result.RowsAffected()
		return claimed == 1, err
	})
}

var errNames = errors.New("all names of the thread are taken")

// findName goes through all names from n on until one fits.
func findName(n board.Name, fits func(board.Name) (bool, error)) (board.Name, error) {
	for range board.Hues * board.Creatures * (math.MaxUint8 + 1) {
		if ok, err := fits(n); ok || err != nil {
			return n, err
		}
		n = n.Next()
	}
	return board.Name{}, errNames
}

// countReply counts a reply of the given standing, of whom root has heard if it is
// not held.
func countReply(ctx context.Context, tx querier, root board.Post, standing board.Standing) error {
	const count = `
		UPDATE posts
		SET replies = replies + 1, waiting = waiting + ($1 = 'held'), heat = $2, ends_at = $3
		WHERE seq = $4`
	_, err := tx.ExecContext(ctx, count, standing, root.Heat(), root.Life.EndsAt.UnixMilli(), root.Seq)
	return err
}

// postByID returns the row of a post, not of a reply.
func postByID(ctx context.Context, q querier, id board.PostID, now time.Time) (row, error) {
	const find = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.id = $1 AND p.ends_at > $2`
	return one(scanRow(q.QueryRowContext(ctx, find, id[:], now.UnixMilli()).Scan))
}

// anyByID returns the row of a post or reply.
func anyByID(ctx context.Context, q querier, id board.PostID, now time.Time) (row, error) {
	const find = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.id = $1 AND p.ends_at > $2
		UNION ALL
		SELECT ` + replyColumns + `
		FROM replies r
		JOIN posts p ON p.seq = r.thread
		WHERE r.id = $1 AND p.ends_at > $2`
	return one(scanRow(q.QueryRowContext(ctx, find, id[:], now.UnixMilli()).Scan))
}

// one turns no row into not found.
func one(r row, err error) (row, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return row{}, board.ErrNotFound
	}
	return r, err
}

func (s *Store) findPost(ctx context.Context, id board.PostID, now time.Time) (r row, err error) {
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		r, err = postByID(ctx, q, id, now)
		return err
	})
	return r, err
}

// Post returns a post or reply.
func (s *Store) Post(ctx context.Context, id board.PostID, now time.Time) (board.Post, error) {
	now = s.at(now)
	var r row
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		r, err = anyByID(ctx, q, id, now)
		return err
	})
	if err != nil {
		return board.Post{}, wrap("read post", err)
	}
	return s.open(r, now)
}

// PostsByID returns those of ids that are there for everybody, in the order of ids.
func (s *Store) PostsByID(ctx context.Context, ids []board.PostID, now time.Time) ([]board.Post, error) {
	const find = eachID + `
		SELECT ` + postColumns + `
		FROM one
		CROSS JOIN posts p ON p.id = substr($1, at, 16)
		WHERE p.ends_at > $2 AND p.standing = ''`
	now = s.at(now)
	if len(ids) == 0 {
		return nil, nil
	}
	blob := make([]byte, 0, 16*len(ids))
	order := make(map[board.PostID]int, len(ids))
	for i, id := range ids {
		blob = append(blob, id[:]...)
		order[id] = i
	}
	var rows []row
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		rows, err = all(ctx, q, scanRow, find, blob, now.UnixMilli())
		return err
	})
	if err != nil {
		return nil, wrap("read posts", err)
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(order[a.ID], order[b.ID]) })
	return s.openAll(rows, now), nil
}

// livingPage is how many posts Living gives at a time, so that no read is a long one.
const livingPage = 2000

// Living returns some of the posts in sight whose Seq is higher than after, in their order;
// none when there are no more.
func (s *Store) Living(ctx context.Context, after int64, now time.Time) ([]board.Post, error) {
	const find = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.seq > $1 AND p.ends_at > $2 AND p.standing = ''
		ORDER BY p.seq
		LIMIT $3`
	now = s.at(now)
	for {
		var rows []row
		err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
			rows, err = all(ctx, q, scanRow, find, after, now.UnixMilli(), livingPage)
			return err
		})
		if err != nil {
			return nil, wrap("read the living", err)
		}
		posts := s.openAll(rows, now)
		if len(posts) > 0 || len(rows) < livingPage {
			return posts, nil
		}
		after = rows[len(rows)-1].Seq // all of them were ended by hand
	}
}

// Since returns the posts of a board that were born at a time or later, the newest
// first. Replies carry no time: they end with their threads.
func (s *Store) Since(ctx context.Context, slug string, at, now time.Time) ([]board.PostID, error) {
	const find = `
		SELECT id
		FROM posts
		WHERE board = $1 AND since >= $2 AND +ends_at > $3 AND prompt = ''
		ORDER BY seq DESC`
	now = s.at(now)
	var ids []board.PostID
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		ids, err = all(ctx, q, func(scan scanner) (board.PostID, error) {
			var id []byte
			if err := scan(&id); err != nil {
				return board.PostID{}, err
			}
			return board.PostID(id), nil
		}, find, slug, at.UnixMilli(), now.UnixMilli())
		return err
	})
	return ids, wrap("read what was born since", err)
}

// Secret returns the secret of a living thread.
func (s *Store) Secret(ctx context.Context, thread board.PostID, now time.Time) (board.Secret, error) {
	now = s.at(now)
	r, err := s.findPost(ctx, thread, now)
	if err != nil {
		return board.Secret{}, wrap("read secret", err)
	}
	key, err := s.rootKey(r, now)
	if err != nil {
		return board.Secret{}, err
	}
	return key.Secret(), nil
}

// thread is a post and its replies.
type thread struct {
	root    board.Post
	replies []board.Post
}

// Thread returns a post with its replies, oldest first.
func (s *Store) Thread(ctx context.Context, id board.PostID, now time.Time) (board.Post, []board.Post, error) {
	now = s.at(now)
	known, version, ok := s.threads.get(id, now)
	if ok {
		return known.root, slices.Clone(known.replies), nil
	}
	t, err := s.readThread(ctx, id, now)
	if err != nil {
		return board.Post{}, nil, wrap("read thread", err)
	}
	s.threads.put(id, t, version, t.root.Life.EndsAt)
	return t.root, slices.Clone(t.replies), nil
}

func (s *Store) readThread(ctx context.Context, id board.PostID, now time.Time) (thread, error) {
	const find = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.id = $1 AND p.ends_at > $2
		UNION ALL
		SELECT ` + replyColumns + `
		FROM posts p
		JOIN replies r ON r.thread = p.seq
		WHERE p.id = $1 AND p.ends_at > $2`
	var rows []row
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		rows, err = all(ctx, q, scanRow, find, id[:], now.UnixMilli())
		return err
	})
	if err != nil {
		return thread{}, err
	}
	i := slices.IndexFunc(rows, func(r row) bool { return !r.IsReply() })
	if i < 0 {
		return thread{}, board.ErrNotFound
	}
	root, err := s.open(rows[i], now)
	if err != nil {
		return thread{}, err
	}
	replies := s.openAll(slices.Delete(rows, i, i+1), now)
	slices.SortFunc(replies, func(a, b board.Post) int { return cmp.Compare(a.Seq, b.Seq) })
	return thread{root, replies}, nil
}

// Feed returns a page of a board's posts, and whether more follow. Rows that have
// ended by hand and wait for Bury are passed over, so a page is full while there
// are posts to fill it.
func (s *Store) Feed(ctx context.Context, q board.Query, now time.Time) ([]board.Post, bool, error) {
	now = s.at(now)
	q.Limit = min(q.Limit, board.PageMax)
	if q.Limit <= 0 {
		q.Limit = board.PageSize
	}
	posts, version, ok := s.feeds.get(q, now)
	if !ok {
		var err error
		if posts, err = s.readFeed(ctx, q, now); err != nil {
			return nil, false, wrap("read feed", err)
		}
		s.feeds.put(q, posts, version, firstEnd(posts))
	}
	return slices.Clone(posts[:min(q.Limit, len(posts))]), len(posts) > q.Limit, nil
}

// readFeed reads one post more than a page holds.
func (s *Store) readFeed(ctx context.Context, q board.Query, now time.Time) ([]board.Post, error) {
	var posts []board.Post
	for {
		var rows []row
		want := q.Limit + 1 - len(posts)
		err := s.read(ctx, func(ctx context.Context, db querier) (err error) {
			rows, err = feedRows(ctx, db, q, want, now)
			return err
		})
		if err != nil {
			return nil, err
		}
		if posts = append(posts, s.openAll(rows, now)...); len(rows) < want || len(posts) > q.Limit {
			return posts, nil
		}
		last := rows[len(rows)-1]
		q.After = board.Cursor{Seq: last.Seq, Key: last.Key(q.Sort)}
	}
}

func feedRows(ctx context.Context, db querier, q board.Query, limit int, now time.Time) ([]row, error) {
	switch q.Sort {
	case board.ByFading:
		return fadingRows(ctx, db, q, limit, now)
	case board.ByHot:
		return rankedRows(ctx, db, hottest, q, limit, now)
	case board.ByTop:
		return rankedRows(ctx, db, highest, q, limit, now)
	case board.ByBirth:
	}
	const newest = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.board = $1 AND p.seq < $2 AND p.ends_at > $3 AND p.unlisted = 0 AND p.prompt = '' AND p.standing = ''
		ORDER BY p.seq DESC
		LIMIT $4`
	before := q.After.Seq
	if before == 0 {
		before = math.MaxInt64
	}
	return all(ctx, db, scanRow, newest, q.Board, before, now.UnixMilli(), limit)
}

const (
	hottest = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.board = $1 AND (p.heat, p.seq) < ($2, $3) AND p.ends_at > $4 AND p.unlisted = 0 AND p.prompt = '' AND p.standing = ''
		ORDER BY p.heat DESC, p.seq DESC
		LIMIT $5`
	highest = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.board = $1 AND (p.score, p.seq) < ($2, $3) AND p.ends_at > $4 AND p.unlisted = 0 AND p.prompt = '' AND p.standing = ''
		ORDER BY p.score DESC, p.seq DESC
		LIMIT $5`
)

// rankedRows reads a feed whose order votes and replies move. What moves between
// two pages is where it is now: it may be shown again, or be above already.
func rankedRows(ctx context.Context, db querier, query string, q board.Query, limit int, now time.Time) ([]row, error) {
	key, seq := q.After.Key, q.After.Seq
	if seq == 0 {
		key, seq = math.MaxInt64, math.MaxInt64
	}
	return all(ctx, db, scanRow, query, q.Board, key, seq, now.UnixMilli(), limit)
}

func fadingRows(ctx context.Context, db querier, q board.Query, limit int, now time.Time) ([]row, error) {
	const fading = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.board = $1 AND (p.ends_at, p.seq) > ($2, $3) AND p.unlisted = 0 AND p.prompt = '' AND p.standing = ''
		ORDER BY p.ends_at, p.seq
		LIMIT $4`
	endsAt, seq := q.After.Key, q.After.Seq
	if endsAt <= now.UnixMilli() {
		endsAt, seq = now.UnixMilli(), math.MaxInt64
	}
	return all(ctx, db, scanRow, fading, q.Board, endsAt, seq, limit)
}

// ownedPage is how many rows are tried at a time, so that no read is a long one.
const ownedPage = 2000

// Owned returns every living post and reply for which owns is true, posts before
// replies and newest first. It tries all that lives: no list of it exists.
func (s *Store) Owned(ctx context.Context, owns func(board.Post) bool, now time.Time) ([]board.Post, error) {
	const posts = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.seq < $1 AND p.ends_at > $2
		ORDER BY p.seq DESC
		LIMIT $3`
	const replies = `
		SELECT ` + replyColumns + `
		FROM replies r
		JOIN posts p ON p.seq = r.thread
		WHERE r.seq < $1 AND p.ends_at > $2
		ORDER BY r.seq DESC
		LIMIT $3`
	now = s.at(now)
	var found []board.Post
	for _, q := range []string{posts, replies} {
		theirs, err := s.ownedBy(ctx, owns, now, q)
		if err != nil {
			return nil, wrap("read owned", err)
		}
		found = append(found, theirs...)
	}
	return found, nil
}

func (s *Store) ownedBy(ctx context.Context, owns func(board.Post) bool, now time.Time, query string) ([]board.Post, error) {
	var found []board.Post
	before := int64(math.MaxInt64)
	for {
		var rows []row
		err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
			rows, err = all(ctx, q, scanRow, query, before, now.UnixMilli(), ownedPage)
			return err
		})
		if err != nil {
			return nil, err
		}
		full := len(rows) == ownedPage
		if full {
			before = rows[len(rows)-1].Seq
		}
		rows = slices.DeleteFunc(rows, func(r row) bool { return !s.owned(r, owns, now) })
		if found = append(found, s.openAll(rows, now)...); !full {
			return found, nil
		}
	}
}

// owned tries a row without opening its box.
func (s *Store) owned(r row, owns func(board.Post) bool, now time.Time) bool {
	root, err := s.rootKey(r, now)
	if err != nil {
		return false
	}
	r.Secret = root.Secret()
	return owns(r.Post)
}
