package storage

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// What a circle's post holds lies in boxes of its own, bound to its id: name, commitment
// and envelope in one, its picture in another, the words of each report on it in more. An
// envelope is sealed already; the box is what makes its end final.
const (
	partEnvelope = "circle"
	partImage    = "circle picture"
	partReport   = "circle report "
)

// circleRow is a post or reply of a circle as it is stored.
type circleRow struct {
	board.CirclePost
	ref, root keys.Ref
	box       []byte
}

const circlePostColumns = `
	r.seq, r.id, r.circle, p.id, r.epoch, p.since, p.until, p.ends_at, p.cap_at, p.grid, p.silence,
	(SELECT count(*) FROM circle_posts x WHERE x.thread = r.seq), r.hearts, r.score, r.picture IS NOT NULL,
	r.slot, r.gen, p.slot, p.gen, r.own, r.box`

func scanCirclePost(scan scanner) (r circleRow, err error) {
	var id, circle, thread, own []byte
	var since, until, endsAt, capAt, grid, silence, slot, gen, rootSlot, rootGen int64
	if err := scan(&r.Seq, &id, &circle, &thread, &r.Epoch, &since, &until, &endsAt, &capAt, &grid, &silence,
		&r.Replies, &r.Hearts, &r.Score, &r.Pictured, &slot, &gen, &rootSlot, &rootGen, &own, &r.box); err != nil {
		return r, err
	}
	r.ID, r.Circle, r.Thread, r.Own = board.PostID(id), board.PostID(circle), board.PostID(thread), board.Tag(own)
	r.Board = board.CircleTopic(r.Circle)
	r.Life = board.Life{
		Since: millis(since), Until: millis(until), EndsAt: millis(endsAt), CapAt: millis(capAt),
		Grid: duration(grid), Silence: duration(silence),
	}
	r.ref, r.root = ref(slot, gen), ref(rootSlot, rootGen)
	return r, nil
}

// openCirclePost gives the post in a row. A row without its keys is no row.
func (s *Store) openCirclePost(r circleRow, now time.Time) (board.CirclePost, error) {
	root, err := s.keys.Key(r.root, now)
	if err != nil || r.Life.Ended(now) {
		return board.CirclePost{}, board.ErrNotFound
	}
	box := root
	if r.IsReply() {
		own, err := s.keys.Key(r.ref, now)
		if err != nil {
			return board.CirclePost{}, board.ErrNotFound
		}
		box = own.Under(root)
	}
	plain, err := unsealPart(box, r.ID, partEnvelope, r.box)
	if err != nil || len(plain) < nameBytes+32 {
		s.log.Error("a stored box is damaged; its post is gone")
		return board.CirclePost{}, board.ErrNotFound
	}
	r.Name = board.NameFromBytes([nameBytes]byte(plain))
	r.Commit, r.Envelope = [32]byte(plain[nameBytes:]), plain[nameBytes+32:]
	r.Secret = root.Secret()
	return r.CirclePost, nil
}

func sealPart(key board.Key, id board.PostID, part string, plain []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, aad(id, part)), nil //nolint:gosec // it draws its own nonce
}

func unsealPart(key board.Key, id board.PostID, part string, box []byte) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, box, aad(id, part))
	if err != nil {
		return nil, errBox
	}
	return plain, nil
}

// circlePostByID returns the row of a post or reply of a circle that is there.
func circlePostByID(ctx context.Context, q querier, circle, id board.PostID, now time.Time) (circleRow, error) {
	const find = `
		SELECT ` + circlePostColumns + `
		FROM circle_posts r
		JOIN circle_posts p ON p.seq = COALESCE(r.thread, r.seq)
		JOIN circles c ON c.id = r.circle
		WHERE r.id = $1 AND r.circle = $2 AND p.ends_at > $3 AND c.closes_at > $3`
	return found(scanCirclePost(q.QueryRowContext(ctx, find, id[:], circle[:], now.UnixMilli()).Scan))
}

func (s *Store) findCirclePost(ctx context.Context, circle, id board.PostID, now time.Time) (r circleRow, err error) {
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		r, err = circlePostByID(ctx, q, circle, id, now)
		return err
	})
	return r, err
}

// CirclePost returns a post or reply.
func (s *Store) CirclePost(ctx context.Context, circle, id board.PostID, now time.Time) (board.CirclePost, error) {
	now = s.at(now)
	r, err := s.findCirclePost(ctx, circle, id, now)
	if err != nil {
		return board.CirclePost{}, wrap("read post of circle", err)
	}
	return s.openCirclePost(r, now)
}

// InsertCirclePost stores a post or reply with its key.
func (s *Store) InsertCirclePost(ctx context.Context, p board.CirclePost, key board.Key, v board.Visitor, token [32]byte, k int, now time.Time) (board.CirclePost, error) {
	now = s.at(now)
	w := &circleWrite{store: s, p: p, key: key, v: v, token: token, k: k, now: now}
	w.root.Life = p.Life
	if p.IsReply() {
		var err error
		if w.root, err = s.findCirclePost(ctx, p.Circle, p.Thread, now); err != nil {
			return board.CirclePost{}, wrap("reply in circle", err)
		}
	}
	w.birth = &birth{key: key, capAt: w.root.Life.CapAt, endsAt: w.root.Life.EndsAt}
	if p.IsReply() {
		w.birth.endsAt = w.root.Life.CapAt
	}
	err := s.do(&op{
		ctx: ctx, birth: w.birth, adds: true, bytes: len(p.Envelope) + len(p.Image), run: w.run,
		after: func() {
			if p.IsReply() {
				s.keys.SetEnds(w.root.ref, w.root.Life.EndsAt)
			}
		},
	})
	w.p.Image = nil
	return w.p, wrap("write in circle", err)
}

// circleWrite is a post or reply on its way into a circle.
type circleWrite struct {
	store *Store
	p     board.CirclePost
	root  circleRow // of a reply; of a post its Life alone
	key   board.Key
	birth *birth
	v     board.Visitor
	token [32]byte
	k     int
	now   time.Time
}

func (w *circleWrite) run(ctx context.Context, tx *sql.Tx) error {
	now := w.store.at(w.now)
	c, err := circleByID(ctx, tx, w.p.Circle, now)
	if err != nil {
		return err
	}
	if c.Epoch != w.p.Epoch {
		return board.ErrEpoch
	}
	if m, err := seat(ctx, tx, c.ID, w.token, now); err != nil || !m.Seated {
		return errors.Join(err, board.ErrNotFound)
	}
	if err := w.room(ctx, tx); err != nil {
		return err
	}
	box, thread := w.key, sql.NullInt64{}
	w.p.Secret = w.key.Secret()
	if w.p.IsReply() {
		if box, err = w.underRoot(ctx, tx, now); err != nil {
			return err
		}
		thread = sql.NullInt64{Int64: w.root.Seq, Valid: true}
	}
	voice := w.p.Secret.Voice(w.v)
	w.p.Own, w.p.Name = w.p.Secret.Own(w.v, w.p.ID), voice.Draws
	if w.p.IsReply() {
		if w.p.Name, err = claimCircleName(ctx, tx, w.root.Seq, voice, w.p.Secret); err != nil {
			return err
		}
	}
	if w.p.Seq, err = w.insert(ctx, tx, box, thread); err != nil {
		return err
	}
	if !w.p.IsReply() {
		if _, err = claimCircleName(ctx, tx, w.p.Seq, voice, w.p.Secret); err != nil {
			return err
		}
	}
	return w.count(ctx, tx)
}

// room refuses an id that is given, and one post or reply too many.
func (w *circleWrite) room(ctx context.Context, tx querier) error {
	const find = `
		SELECT EXISTS (SELECT 1 FROM circle_posts WHERE id = $1),
			(SELECT count(*) FROM circle_posts WHERE circle = $2 AND thread IS NULLIF($3, 0))`
	var given bool
	var n int
	if err := tx.QueryRowContext(ctx, find, w.p.ID[:], w.p.Circle[:], w.root.Seq).Scan(&given, &n); err != nil {
		return err
	}
	switch {
	case given:
		return board.ErrCircleTaken
	case n >= board.CirclePostsMax:
		return board.ErrCircleBusy
	}
	return nil
}

// underRoot reads the thread anew, counts that it was answered, and gives the key of the
// reply's box.
func (w *circleWrite) underRoot(ctx context.Context, tx querier, now time.Time) (box board.Key, err error) {
	const heard = `
		UPDATE circle_posts
		SET ends_at = $1
		WHERE seq = $2`
	if w.root, err = circlePostByID(ctx, tx, w.p.Circle, w.p.Thread, now); err != nil {
		return box, err
	}
	root, err := w.store.keys.Key(w.root.ref, now)
	if err != nil || w.root.IsReply() {
		return box, board.ErrNotFound
	}
	w.root.Life = w.root.Life.Heard(w.now)
	w.p.Life, w.p.Secret = w.root.Life, root.Secret()
	return w.key.Under(root), execute(ctx, tx, heard, w.root.Life.EndsAt.UnixMilli(), w.root.Seq)
}

func (w *circleWrite) insert(ctx context.Context, tx querier, key board.Key, thread sql.NullInt64) (int64, error) {
	const insert = `
		INSERT INTO circle_posts (id, circle, thread, epoch, since, until, ends_at, cap_at, grid, silence, slot, gen, own, box, picture)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	name := w.p.Name.Bytes()
	box, err := sealPart(key, w.p.ID, partEnvelope, slices.Concat(name[:], w.p.Commit[:], w.p.Envelope))
	if err != nil {
		return 0, err
	}
	var image []byte
	if w.p.Pictured {
		if image, err = sealPart(key, w.p.ID, partImage, w.p.Image); err != nil {
			return 0, err
		}
	}
	slot, gen := refArgs(w.birth.ref)
	life := make([]any, 6)
	if l := w.p.Life; !thread.Valid {
		life = []any{l.Since.UnixMilli(), l.Until.UnixMilli(), l.EndsAt.UnixMilli(), l.CapAt.UnixMilli(), l.Grid.Milliseconds(), l.Silence.Milliseconds()}
	}
	args := slices.Concat([]any{w.p.ID[:], w.p.Circle[:], thread, w.p.Epoch}, life, []any{slot, gen, w.p.Own[:], box, image})
	result, err := tx.ExecContext(ctx, insert, args...)
	if err != nil {
		return 0, err
	}
	return result.LastInsertId()
}

// count notes that its author has written, and whether that opens the circle.
func (w *circleWrite) count(ctx context.Context, tx querier) error {
	const wrote = `
		UPDATE circle_members
		SET wrote = 1
		WHERE circle = $1 AND token = $2`
	const opens = `
		UPDATE circles
		SET open = 1
		WHERE id = $1 AND open = 0 AND (SELECT count(*) FROM circle_members WHERE circle = $1 AND wrote = 1) >= $2`
	return errors.Join(execute(ctx, tx, wrote, w.p.Circle[:], w.token[:]), execute(ctx, tx, opens, w.p.Circle[:], w.k))
}

// claimCircleName gives a voice the name it has in the thread, or the first that is free.
func claimCircleName(ctx context.Context, tx querier, thread int64, voice board.Voice, secret board.Secret) (board.Name, error) {
	const find = `
		SELECT name
		FROM circle_voices
		WHERE thread = $1 AND tag = $2`
	const claim = `
		INSERT INTO circle_voices (thread, tag, name)
		VALUES ($1, $2, $3)
		ON CONFLICT (thread, name) DO NOTHING`
	var known []byte
	err := tx.QueryRowContext(ctx, find, thread, voice.Tag[:]).Scan(&known)
	switch {
	case err == nil:
		return findName(voice.Draws, func(n board.Name) (bool, error) { return secret.NameTag(n) == board.Tag(known), nil })
	case !errors.Is(err, sql.ErrNoRows):
		return board.Name{}, err
	}
	return findName(voice.Draws, func(n board.Name) (bool, error) {
		tag := secret.NameTag(n)
		claimed, err := affected(tx.ExecContext(ctx, claim, thread, voice.Tag[:], tag[:]))
		return claimed == 1, err
	})
}

// CirclePosts returns posts of a circle, the newest first.
func (s *Store) CirclePosts(ctx context.Context, id board.PostID, before int64, limit int, now time.Time) ([]board.CirclePost, error) {
	const find = `
		SELECT ` + circlePostColumns + `
		FROM circle_posts r
		JOIN circle_posts p ON p.seq = r.seq
		JOIN circles c ON c.id = r.circle
		WHERE r.circle = $1 AND r.thread IS NULL AND r.seq < $2 AND r.ends_at > $3 AND c.closes_at > $3
		ORDER BY r.seq DESC
		LIMIT $4`
	if before == 0 {
		before = math.MaxInt64
	}
	now = s.at(now)
	return s.circlePosts(ctx, now, find, id[:], before, now.UnixMilli(), limit)
}

func (s *Store) circlePosts(ctx context.Context, now time.Time, query string, args ...any) (list []board.CirclePost, err error) {
	var rows []circleRow
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		rows, err = all(ctx, q, scanCirclePost, query, args...)
		return err
	})
	for _, r := range rows {
		if p, err := s.openCirclePost(r, now); err == nil {
			list = append(list, p)
		}
	}
	return list, wrap("read circle", err)
}

// CircleThread returns a post with its replies, oldest first.
func (s *Store) CircleThread(ctx context.Context, circle, id board.PostID, now time.Time) (board.CirclePost, []board.CirclePost, error) {
	const replies = `
		SELECT ` + circlePostColumns + `
		FROM circle_posts p
		JOIN circle_posts r ON r.thread = p.seq
		WHERE p.id = $1 AND p.ends_at > $2
		ORDER BY r.seq`
	root, err := s.CirclePost(ctx, circle, id, now)
	if err != nil || root.IsReply() {
		return root, nil, err
	}
	now = s.at(now)
	list, err := s.circlePosts(ctx, now, replies, id[:], now.UnixMilli())
	return root, list, err
}

// CirclePicture returns the picture of a post.
func (s *Store) CirclePicture(ctx context.Context, circle, id board.PostID, now time.Time) (board.Envelope, error) {
	const find = `
		SELECT picture
		FROM circle_posts
		WHERE id = $1 AND circle = $2 AND picture IS NOT NULL`
	now = s.at(now)
	var image []byte
	var r circleRow
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if r, err = circlePostByID(ctx, q, circle, id, now); err != nil {
			return err
		}
		image, err = found(image, q.QueryRowContext(ctx, find, id[:], circle[:]).Scan(&image))
		return err
	})
	if err != nil {
		return nil, wrap("read picture of circle", err)
	}
	key, err := s.keys.Key(r.ref, now)
	if err != nil {
		return nil, board.ErrNotFound
	}
	return unsealPart(key, id, partImage, image)
}

// CircleVote records, changes or takes back one member's vote in one step.
func (s *Store) CircleVote(ctx context.Context, circle board.PostID, b board.Ballot, now time.Time) (board.CirclePost, error) {
	const find = `
		SELECT vote
		FROM circle_votes
		WHERE post = $1 AND tag = $2`
	const takeBack = `
		DELETE FROM circle_votes
		WHERE post = $1 AND tag = $2`
	const save = `
		INSERT INTO circle_votes (post, tag, vote)
		VALUES ($1, $2, $3)
		ON CONFLICT (post, tag) DO UPDATE SET vote = excluded.vote`
	const score = `
		UPDATE circle_posts
		SET hearts = $1, score = $2, until = iif(thread IS NULL, $3, NULL), ends_at = iif(thread IS NULL, $4, NULL)
		WHERE seq = $5`
	now = s.at(now)
	var r circleRow
	err := s.do(&op{
		ctx: ctx, adds: true, // to what no page shows
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			if r, err = circlePostByID(ctx, tx, circle, b.Post, s.at(now)); err != nil {
				return err
			}
			was := board.NoVote
			err = tx.QueryRowContext(ctx, find, b.Post[:], b.Tag[:]).Scan(&was)
			if err != nil && !errors.Is(err, sql.ErrNoRows) || was == b.Vote {
				return err
			}
			r.Post = b.Cast(r.Post, was, now)
			if b.Vote == board.NoVote {
				err = execute(ctx, tx, takeBack, b.Post[:], b.Tag[:])
			} else {
				err = execute(ctx, tx, save, b.Post[:], b.Tag[:], int64(b.Vote))
			}
			if err != nil {
				return err
			}
			return execute(ctx, tx, score, r.Hearts, r.Score, r.Life.Until.UnixMilli(), r.Life.EndsAt.UnixMilli(), r.Seq)
		},
		after: func() {
			if !r.IsReply() {
				s.keys.SetEnds(r.ref, r.Life.EndsAt)
			}
		},
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return board.CirclePost{}, wrap("vote in circle", err)
	}
	return r.CirclePost, nil
}

// CircleVotes returns which of the tags have voted, and how.
func (s *Store) CircleVotes(ctx context.Context, tags map[board.PostID]board.Tag) (map[board.PostID]board.Vote, error) {
	const find = eachPair + `
		SELECT v.post, v.vote
		FROM pair
		CROSS JOIN circle_votes v ON v.post = substr($1, at, 16) AND v.tag = substr($1, at + 16, 16)`
	return s.votes(ctx, find, tags)
}

// Which keys go with a post or reply, and with a circle.
const (
	keysOfPost = `
		SELECT slot, gen
		FROM circle_posts
		WHERE id = $1 OR thread = (SELECT seq FROM circle_posts WHERE id = $1)`
	keysOfCircle = `
		SELECT slot, gen
		FROM circle_posts
		WHERE circle = $1`
)

// destroyCircle destroys the keys that find names, and deletes rows then: keys first, as
// everywhere.
func (s *Store) destroyCircle(ctx context.Context, find string, arg any, remove func(ctx context.Context, tx querier) error) error {
	if err := s.dropCircleKeys(ctx, find, arg); err != nil {
		return err
	}
	if err := s.keys.Erase(); err != nil {
		return err
	}
	return s.do(&op{
		ctx:   context.WithoutCancel(ctx),
		run:   func(ctx context.Context, tx *sql.Tx) error { return remove(ctx, tx) },
		after: func() { s.deleted.Add(1) }, // so that the journal is scrubbed
	})
}

// dropCircleKeys closes the door on what find names. Under writing no reply can slip in.
func (s *Store) dropCircleKeys(ctx context.Context, find string, arg any) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	refs, err := all(ctx, s.writer, scanRef, find, arg)
	if err != nil {
		return err
	}
	s.keys.Drop(refs...)
	s.changed()
	return nil
}

// EndCirclePost destroys a post with its replies, or a reply.
func (s *Store) EndCirclePost(ctx context.Context, circle, id board.PostID, now time.Time) error {
	const remove = `
		DELETE FROM circle_posts
		WHERE id = $1`
	if _, err := s.findCirclePost(ctx, circle, id, s.at(now)); err != nil {
		return wrap("end post of circle", err)
	}
	return wrap("end post of circle", s.destroyCircle(ctx, keysOfPost, id[:], func(ctx context.Context, tx querier) error {
		return execute(ctx, tx, remove, id[:])
	}))
}

// EndCircle destroys a circle with all that is in it; with an entry, logs it.
func (s *Store) EndCircle(ctx context.Context, id board.PostID, e *board.Entry, now time.Time) error {
	const there = `
		SELECT EXISTS (SELECT 1 FROM circles WHERE id = $1 AND closes_at > $2)`
	var known bool
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, there, id[:], s.at(now).UnixMilli()).Scan(&known)
	})
	if err == nil && !known {
		err = board.ErrNotFound
	}
	if err != nil {
		return wrap("end circle", err)
	}
	return wrap("end circle", s.destroyCircle(ctx, keysOfCircle, id[:], func(ctx context.Context, tx querier) error {
		if err := deleteCircle(ctx, tx, id); err != nil || e == nil {
			return err
		}
		return record(ctx, tx, *e)
	}))
}

func deleteCircle(ctx context.Context, tx querier, id board.PostID) error {
	const remove = `
		DELETE FROM circles
		WHERE id = $1`
	return execute(ctx, tx, remove, id[:])
}

// ReportCirclePost keeps the one report of a member on a post.
func (s *Store) ReportCirclePost(ctx context.Context, circle board.PostID, r board.CircleReport, tag board.Tag, now time.Time) error {
	const insert = `
		INSERT INTO circle_reports (post, tag, reason, box)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (post, tag) DO UPDATE SET reason = excluded.reason, box = excluded.box`
	return wrap("report in circle", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			row, err := circlePostByID(ctx, tx, circle, r.Post, s.at(now))
			if err != nil {
				return err
			}
			key, err := s.circleKey(row, s.at(now))
			if err != nil {
				return err
			}
			box, err := sealPart(key, r.Post, partReport+tag.String(), []byte(r.Words))
			if err != nil {
				return err
			}
			return execute(ctx, tx, insert, r.Post[:], tag[:], string(r.Reason), box)
		},
	}))
}

// circleKey is the key of a row's boxes.
func (s *Store) circleKey(r circleRow, now time.Time) (board.Key, error) {
	root, err := s.keys.Key(r.root, now)
	if err != nil || !r.IsReply() {
		return root, err
	}
	own, err := s.keys.Key(r.ref, now)
	return own.Under(root), err
}

// reportedRow is a report with the row of its post.
type reportedRow struct {
	circleRow
	tag    board.Tag
	reason board.Reason
	words  []byte
}

// CircleReports returns what waits for an admin, the first to end first.
func (s *Store) CircleReports(ctx context.Context, now time.Time) (list []board.CircleReport, err error) {
	const find = `
		SELECT ` + circlePostColumns + `, w.tag, w.reason, w.box
		FROM circle_reports w
		JOIN circle_posts r ON r.id = w.post
		JOIN circle_posts p ON p.seq = COALESCE(r.thread, r.seq)
		JOIN circles c ON c.id = r.circle
		WHERE p.ends_at > $1 AND c.closes_at > $1
		LIMIT 200`
	now = s.at(now)
	var rows []reportedRow
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		rows, err = all(ctx, q, func(scan scanner) (w reportedRow, err error) {
			var tag []byte
			w.circleRow, err = scanCirclePost(func(dest ...any) error { return scan(append(dest, &tag, &w.reason, &w.words)...) })
			if err == nil {
				w.tag = board.Tag(tag)
			}
			return w, err
		}, find, now.UnixMilli())
		return err
	})
	for _, w := range rows {
		key, err := s.circleKey(w.circleRow, now)
		if err != nil {
			continue
		}
		words, err := unsealPart(key, w.ID, partReport+w.tag.String(), w.words)
		if err != nil {
			continue
		}
		list = append(list, board.CircleReport{
			Post: w.ID, Thread: w.Thread, Circle: w.Circle, Reason: w.reason, Words: string(words), Left: w.Life.Left(now),
		})
	}
	slices.SortFunc(list, func(a, b board.CircleReport) int { return int(a.Left - b.Left) })
	return list, wrap("read reports of circles", err)
}

// DropCircleReports lets go of the reports on a post.
func (s *Store) DropCircleReports(ctx context.Context, post board.PostID) error {
	const remove = `
		DELETE FROM circle_reports
		WHERE post = $1`
	return wrap("drop reports", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error { return execute(ctx, tx, remove, post[:]) },
	}))
}

// inviteAfter is how long it can still be said what became of an invite.
const inviteAfter = 24 * time.Hour

// TendCircles destroys what time has ended, and returns it.
func (s *Store) TendCircles(ctx context.Context, now time.Time) ([]board.CircleEnding, error) {
	const circles = `
		SELECT id, id, closes_at, closes_at, closes_at
		FROM circles
		WHERE closes_at <= $1`
	const posts = `
		SELECT p.circle, p.id, p.ends_at, p.until, c.closes_at
		FROM circle_posts p
		JOIN circles c ON c.id = p.circle
		WHERE p.ends_at <= $1
		LIMIT 500`
	now = s.at(now)
	var closed, over []board.CircleEnding
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if closed, err = all(ctx, q, scanCircleEnding, circles, now.UnixMilli()); err != nil {
			return err
		}
		over, err = all(ctx, q, scanCircleEnding, posts, now.UnixMilli())
		return err
	})
	var ended []board.CircleEnding
	for _, e := range closed {
		if err == nil {
			err = s.destroyCircle(ctx, keysOfCircle, e.Circle[:], func(ctx context.Context, tx querier) error { return deleteCircle(ctx, tx, e.Circle) })
			ended = append(ended, board.CircleEnding{Circle: e.Circle})
		}
	}
	for _, e := range over {
		if err == nil {
			err = s.destroyCircle(ctx, keysOfPost, e.ID[:], func(ctx context.Context, tx querier) error {
				return execute(ctx, tx, "DELETE FROM circle_posts WHERE id = $1", e.ID[:])
			})
			ended = append(ended, e)
		}
	}
	if err == nil {
		err = s.tidyCircles(ctx, now)
	}
	return ended, wrap("tend circles", err)
}

func scanCircleEnding(scan scanner) (e board.CircleEnding, err error) {
	var circle, id []byte
	var endsAt, until, closesAt int64
	if err := scan(&circle, &id, &endsAt, &until, &closesAt); err != nil {
		return e, err
	}
	e = board.CircleEnding{Circle: board.PostID(circle), ID: board.PostID(id), Thread: board.PostID(id), Why: board.ByTime}
	switch {
	case endsAt >= closesAt:
		e.Why = board.ByBoard
	case endsAt < until:
		e.Why = board.BySilence
	}
	return e, nil
}

// tidyCircles lets go of invites of yesterday, of seats that nobody took, and of links that
// lead to nothing any more. It writes only where there is something.
func (s *Store) tidyCircles(ctx context.Context, now time.Time) error {
	const some = `
		SELECT EXISTS (SELECT 1 FROM circle_invites WHERE ends_at <= $1)
			OR EXISTS (SELECT 1 FROM circle_members WHERE seat_until <= $2)
			OR EXISTS (SELECT 1 FROM circle_links l WHERE NOT EXISTS (SELECT 1 FROM circle_posts p WHERE p.circle = l.circle AND p.epoch < l.epoch))`
	const invites = `
		DELETE FROM circle_invites
		WHERE ends_at <= $1`
	const seats = `
		DELETE FROM circle_members
		WHERE seat_until <= $1`
	const links = `
		DELETE FROM circle_links
		WHERE NOT EXISTS (SELECT 1 FROM circle_posts p WHERE p.circle = circle_links.circle AND p.epoch < circle_links.epoch)`
	late, seat := now.Add(-inviteAfter).UnixMilli(), now.UnixMilli()
	var due bool
	err := s.read(ctx, func(ctx context.Context, q querier) error { return q.QueryRowContext(ctx, some, late, seat).Scan(&due) })
	if err != nil || !due {
		return err
	}
	return s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			return errors.Join(execute(ctx, tx, invites, late), execute(ctx, tx, seats, seat), execute(ctx, tx, links))
		},
		after: func() { s.deleted.Add(1) },
	})
}

// compareCirclePosts tells of the keys of circles' posts, and deletes rows without one.
func (s *Store) compareCirclePosts(ctx context.Context, meet func(keys.Ref, time.Time)) error {
	const q = `
		SELECT r.slot, r.gen, iif(r.thread IS NULL, p.ends_at, p.cap_at), r.seq
		FROM circle_posts r
		JOIN circle_posts p ON p.seq = COALESCE(r.thread, r.seq)`
	var lost []int64
	err := each(ctx, s.writer, func(scan scanner) error {
		var slot, gen, endsAt, seq int64
		if err := scan(&slot, &gen, &endsAt, &seq); err != nil {
			return err
		}
		meet(ref(slot, gen), millis(endsAt))
		if !s.keys.Has(ref(slot, gen)) {
			lost = append(lost, seq)
		}
		return nil
	}, q)
	for _, seq := range lost {
		err = errors.Join(err, execute(ctx, s.writer, "DELETE FROM circle_posts WHERE seq = $1", seq))
	}
	return err
}
