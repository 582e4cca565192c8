package storage

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"mayfly/board"
)

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
