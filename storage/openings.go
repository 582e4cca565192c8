package storage

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"mayfly/board"
)

// Open gives the body and picture of a view-once post to the visitor behind tag, in one step:
// of callers with one tag, one gets it, and no more callers than the post has
// readers. With the last opening the keys of the post and its replies go.
func (s *Store) Open(ctx context.Context, id board.PostID, tag board.Tag, now time.Time) (board.Post, []board.Ending, error) {
	now = s.at(now)
	var o opening
	err := s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			o, err = s.claim(ctx, tx, id, tag, s.at(now))
			return err
		},
		after: func() { s.spend(context.WithoutCancel(ctx), o) },
	})
	if err != nil {
		return board.Post{}, nil, wrap("open", err)
	}
	if !o.last {
		return o.post, nil, nil
	}
	ended := []board.Ending{{ID: id, Thread: id, Board: o.post.Board, Why: board.ByReaders, Unlisted: o.post.Unlisted}}
	if err := s.keys.Erase(); err != nil {
		s.log.ErrorContext(ctx, "the key of a spent post is not off the disk yet; the sweeper tries again", "err", err)
	}
	s.settle(ctx, ended, now)
	return o.post, ended, nil
}

// opening is a claim that was granted.
type opening struct {
	post board.Post
	row  row
	last bool
}

// claim records the opening and counts it, and opens the box and the picture's:
// with the last opening nothing can be read afterwards.
func (s *Store) claim(ctx context.Context, tx querier, id board.PostID, tag board.Tag, now time.Time) (opening, error) {
	r, err := postByID(ctx, tx, id, now)
	if err != nil {
		return opening{}, err
	}
	opens, err := s.opener(r, now)
	if err != nil {
		return opening{}, err
	}
	if !r.ViewOnce {
		return opening{}, board.ErrNotFound
	}
	limited := r.Readers > 0
	if err := recordOpening(ctx, tx, id, tag); err != nil {
		return opening{}, err
	}
	if limited {
		const count = `
			UPDATE posts
			SET readers = readers - 1
			WHERE seq = $1`
		if _, err := tx.ExecContext(ctx, count, r.Seq); err != nil {
			return opening{}, err
		}
		r.Readers--
	}
	p, err := s.openWith(opens, r)
	if err != nil {
		return opening{}, err
	}
	p, err = s.withPicture(ctx, tx, opens, r, p)
	return opening{post: p, row: r, last: limited && r.Readers == 0}, err
}

func recordOpening(ctx context.Context, tx querier, id board.PostID, tag board.Tag) error {
	const record = `
		INSERT INTO openings (post, tag)
		VALUES ($1, $2)
		ON CONFLICT (post, tag) DO NOTHING`
	result, err := tx.ExecContext(ctx, record, id[:], tag[:])
	if err != nil {
		return err
	}
	recorded, err := result.RowsAffected()
	if err == nil && recorded == 0 {
		return board.ErrOpened
	}
	return err
}

// spend closes the door behind the last reader. It runs before the next change.
func (s *Store) spend(ctx context.Context, o opening) {
	if !o.last {
		return
	}
	s.keys.Drop(o.row.ref)
	s.byHand.add(o.row.ID, false)
	refs, err := replyRefs(ctx, s.writer, o.row.Seq)
	if err != nil { // their thread's key is gone, so nothing opens them; Bury frees them
		s.log.ErrorContext(ctx, "the keys of a spent post's replies wait for their rows", "err", err)
	}
	s.keys.Drop(refs...)
}

// Opened returns which of the tags have opened their post.
func (s *Store) Opened(ctx context.Context, tags map[board.PostID]board.Tag) (map[board.PostID]bool, error) {
	const find = eachPair + `
		SELECT o.post
		FROM pair
		CROSS JOIN openings o ON o.post = substr($1, at, 16) AND o.tag = substr($1, at + 16, 16)`
	opened := make(map[board.PostID]bool, len(tags))
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		return each(ctx, q, func(scan scanner) error {
			var id []byte
			if err := scan(&id); err != nil {
				return err
			}
			opened[board.PostID(id)] = true
			return nil
		}, find, pairs(tags))
	})
	if err != nil {
		return nil, fmt.Errorf("read openings: %w", err)
	}
	return opened, nil
}
