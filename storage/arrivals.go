package storage

import (
	"context"
	"database/sql"
	"time"

	"mayfly/board"
)

// Arrive counts one arrival at a post.
func (s *Store) Arrive(ctx context.Context, id board.PostID, now time.Time) error {
	const count = `
		UPDATE posts
		SET arrivals = arrivals + 1
		WHERE id = $1 AND ends_at > $2`
	err := s.do(&op{
		ctx:  ctx,
		adds: true,
		run: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, count, id[:], s.at(now).UnixMilli())
			return err
		},
	})
	return wrap("count an arrival", err)
}
