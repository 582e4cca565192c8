package storage

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"mayfly/board"
)

// Prompts returns the host's posts that live on a board, the newest first. The plus
// keeps SQLite from the index of ends, where they would have to be sorted.
func (s *Store) Prompts(ctx context.Context, slug string, now time.Time) ([]board.Post, error) {
	const q = `
		SELECT ` + postColumns + `
		FROM posts p
		WHERE p.board = $1 AND p.prompt <> '' AND +p.ends_at > $2
		ORDER BY p.seq DESC
		LIMIT $3`
	now = s.at(now)
	known, version, ok := s.prompts.get(slug, now)
	if ok {
		return slices.Clone(known), nil
	}
	var rows []row
	err := s.read(ctx, func(ctx context.Context, db querier) (err error) {
		rows, err = all(ctx, db, scanRow, q, slug, now.UnixMilli(), board.PageMax)
		return err
	})
	if err != nil {
		return nil, wrap("read prompts", err)
	}
	posts := s.openAll(rows, now)
	s.prompts.put(slug, posts, version, firstEnd(posts))
	return slices.Clone(posts), nil
}

// Questions lists what the host asks, in the order it was asked.
func (s *Store) Questions(ctx context.Context) (list []board.Question, err error) {
	const q = `
		SELECT seq, board, kind, body, sponsored, ttl, post, ending
		FROM questions
		ORDER BY seq
		LIMIT 1000`
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		list, err = all(ctx, db, scanQuestion, q)
		return err
	})
	return list, wrap("read questions", err)
}

func scanQuestion(scan scanner) (q board.Question, err error) {
	var ttl int64
	var post []byte
	err = scan(&q.Number, &q.Board, &q.Kind, &q.Body, &q.Sponsored, &ttl, &post, &q.Ending)
	q.TTL = duration(ttl)
	if len(post) == len(q.Post) {
		q.Post = board.PostID(post)
	}
	return q, err
}

// InsertQuestion stores what the host asks; a board that is not there is not found.
func (s *Store) InsertQuestion(ctx context.Context, q board.Question) error {
	return wrap("store question", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error { return insertQuestion(ctx, tx, q) },
	}))
}

func insertQuestion(ctx context.Context, tx querier, q board.Question) error {
	const insert = `
		INSERT INTO questions (board, kind, body, sponsored, ttl)
		VALUES ($1, $2, $3, $4, $5)`
	if err := knownBoard(ctx, tx, q.Board); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, insert, q.Board, q.Kind, q.Body, q.Sponsored, q.TTL.Milliseconds())
	return err
}

// EndQuestion has a question ended as soon as whoever holds the keys looks.
func (s *Store) EndQuestion(ctx context.Context, number int64) error {
	const update = `
		UPDATE questions
		SET ending = 1
		WHERE seq = $1`
	return s.oneRow(ctx, "end question", update, number)
}

// DeleteQuestion forgets a question whose post is over.
func (s *Store) DeleteQuestion(ctx context.Context, number int64) error {
	const q = `
		DELETE FROM questions
		WHERE seq = $1`
	return s.oneRow(ctx, "delete question", q, number)
}

// Plant stores the post of a question that waits for it, once.
func (s *Store) Plant(ctx context.Context, p board.Post, key board.Key, number int64) error {
	_, err := s.putPost(ctx, p, key, number)
	return err
}

var errPlanted = errors.New("the question does not wait to be planted")

// plant marks a question as planted, in the transaction of its post.
func plant(ctx context.Context, tx querier, p board.Post, number int64) error {
	const mark = `
		UPDATE questions
		SET post = $1
		WHERE seq = $2 AND post IS NULL`
	n, err := affected(tx.ExecContext(ctx, mark, p.ID[:], number))
	if err == nil && n == 0 {
		return errPlanted
	}
	return err
}

// Greet stores what the host of a new site says first, if this is its first start.
func (s *Store) Greet(ctx context.Context, list []board.Question) error {
	const first = `
		UPDATE boards
		SET greeted = 1
		WHERE slug = $1 AND greeted = 0`
	return wrap("greet", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			n, err := affected(tx.ExecContext(ctx, first, board.Home))
			if err != nil || n == 0 {
				return err
			}
			for _, q := range list {
				if err := insertQuestion(ctx, tx, q); err != nil {
					return err
				}
			}
			return nil
		},
	}))
}

// AskDaily stores the question of the day unless one was asked less than
// board.QuestionTime ago, and returns when the latest was: now, if it is this one.
func (s *Store) AskDaily(ctx context.Context, q board.Question, now time.Time) (asked time.Time, err error) {
	const find = `
		SELECT asked_at
		FROM boards
		WHERE slug = $1`
	const mark = `
		UPDATE boards
		SET asked_at = $1
		WHERE slug = $2`
	err = s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			var ms int64
			if err := tx.QueryRowContext(ctx, find, q.Board).Scan(&ms); err != nil {
				return err
			}
			if asked = millis(ms); now.Sub(asked) < board.QuestionTime {
				return nil
			}
			asked = now
			if _, err := tx.ExecContext(ctx, mark, now.UnixMilli(), q.Board); err != nil {
				return err
			}
			return insertQuestion(ctx, tx, q)
		},
	})
	return asked, wrap("ask question of the day", err)
}

// Questions lists what the host asks, in the order it was asked.
func (f *SettingsFile) Questions(ctx context.Context) ([]board.Question, error) {
	return f.store.Questions(ctx)
}

// InsertQuestion stores what the host asks, for whoever holds the keys to plant.
func (f *SettingsFile) InsertQuestion(ctx context.Context, q board.Question) error {
	return f.store.InsertQuestion(ctx, q)
}

// EndQuestion has a question ended by a running server, or by the next that starts.
func (f *SettingsFile) EndQuestion(ctx context.Context, number int64) error {
	return f.store.EndQuestion(ctx, number)
}
