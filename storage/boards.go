package storage

import (
	"cmp"
	"context"
	"database/sql"
	"math"
	"slices"
	"time"

	"mayfly/board"
)

// Boards lists the boards, home first, as they were last read: FollowBoards reads
// them anew.
func (s *Store) Boards(context.Context) ([]board.Info, error) {
	return slices.Clone(s.boardList()), nil
}

// boardList must not be changed by its reader.
func (s *Store) boardList() []board.Info {
	if list := s.boards.Load(); list != nil {
		return *list
	}
	return nil
}

// findBoard returns a board that is there.
func (s *Store) findBoard(slug string) (board.Info, bool) {
	list := s.boardList()
	i := slices.IndexFunc(list, func(b board.Info) bool { return b.Slug == slug })
	if i < 0 {
		return board.Info{}, false
	}
	return list[i], true
}

// boardRow is a board, and whether it is to end at once.
type boardRow struct {
	board.Info
	ending bool
}

func readBoards(ctx context.Context, q querier) ([]boardRow, error) {
	const find = `
		SELECT slug, title, rules, closes_at, place, ending
		FROM boards
		LIMIT $1`
	rows, err := all(ctx, q, func(scan scanner) (b boardRow, err error) {
		var closesAt sql.NullInt64
		err = scan(&b.Slug, &b.Title, &b.Rules, &closesAt, &b.Place, &b.ending)
		if closesAt.Valid {
			b.ClosesAt = millis(closesAt.Int64)
		}
		return b, err
	}, find, 2*board.BoardsMax)
	slices.SortFunc(rows, func(a, b boardRow) int {
		return cmp.Or(homeFirst(a)-homeFirst(b), cmp.Compare(a.Place, b.Place), cmp.Compare(a.Slug, b.Slug))
	})
	return rows, err
}

func homeFirst(b boardRow) int {
	if b.Slug == board.Home {
		return 0
	}
	return 1
}

func infos(rows []boardRow) []board.Info {
	list := make([]board.Info, len(rows))
	for i, r := range rows {
		list[i] = r.Info
	}
	return list
}

// FollowBoards reads the boards anew, as another process may have changed them. One
// that was to end has closed when it returns; one that closed board.ClosedTime ago
// and holds nothing any more is not there. What lives is the caller's to bring under
// a new closing date.
func (s *Store) FollowBoards(ctx context.Context, now time.Time) ([]board.Info, error) {
	now = s.at(now)
	rows, err := s.readBoards(ctx)
	if err != nil {
		return nil, wrap("read boards", err)
	}
	due := func(r boardRow) bool { return r.ending || r.ClosedFor(now) >= board.ClosedTime }
	if slices.ContainsFunc(rows, due) {
		if err := s.closeBoards(ctx, rows, now); err != nil {
			return nil, wrap("close boards", err)
		}
		if rows, err = s.readBoards(ctx); err != nil {
			return nil, wrap("read boards", err)
		}
	}
	list := infos(rows)
	s.boards.Store(&list)
	return slices.Clone(list), nil
}

func (s *Store) readBoards(ctx context.Context) (rows []boardRow, err error) {
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		rows, err = readBoards(ctx, q)
		return err
	})
	return rows, err
}

// closeBoards closes those that are to end, and deletes those that closed long ago.
func (s *Store) closeBoards(ctx context.Context, rows []boardRow, now time.Time) error {
	return s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			for _, r := range rows {
				var err error
				switch {
				case r.ending:
					err = closeBoard(ctx, tx, r.Slug, now)
				case r.ClosedFor(now) >= board.ClosedTime:
					err = deleteBoard(ctx, tx, r.Slug)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func closeBoard(ctx context.Context, tx querier, slug string, now time.Time) error {
	const q = `
		UPDATE boards
		SET closes_at = min(COALESCE(closes_at, $1), $1), ending = 0
		WHERE slug = $2`
	_, err := tx.ExecContext(ctx, q, now.Truncate(time.Minute).UnixMilli(), slug)
	return err
}

// deleteBoard deletes a board on which nothing stands any more, with the settings in
// which it differed and the filters of its own.
func deleteBoard(ctx context.Context, tx querier, slug string) error {
	const row = `
		DELETE FROM boards
		WHERE slug = $1
			AND NOT EXISTS (SELECT 1 FROM posts WHERE board = $1)
			AND NOT EXISTS (SELECT 1 FROM traces WHERE board = $1)`
	const settings = `
		DELETE FROM settings
		WHERE board = $1`
	const filters = `
		DELETE FROM filters
		WHERE board = $1`
	n, err := affected(tx.ExecContext(ctx, row, slug))
	if err != nil || n == 0 {
		return err
	}
	if _, err = tx.ExecContext(ctx, settings, slug); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, filters, slug)
	return err
}

// InsertBoard stores a new board; one whose slug is taken is refused with
// board.ErrTaken.
func (s *Store) InsertBoard(ctx context.Context, b board.Info) error {
	const insert = `
		INSERT INTO boards (slug, title, rules, closes_at, place)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (slug) DO NOTHING`
	return wrap("add board", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			n, err := affected(tx.ExecContext(ctx, insert, b.Slug, b.Title, b.Rules, closesArg(b.ClosesAt), b.Place))
			if err == nil && n == 0 {
				return board.ErrTaken
			}
			return err
		},
	}))
}

// UpdateBoard makes next of the board that is was; when it is another by now, the
// change is refused with board.ErrOvertaken.
func (s *Store) UpdateBoard(ctx context.Context, was, next board.Info) error {
	const update = `
		UPDATE boards
		SET title = $1, rules = $2, closes_at = $3, place = $4
		WHERE slug = $5 AND title = $6 AND rules = $7 AND closes_at IS $8 AND place = $9`
	return wrap("change board", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			if err := knownBoard(ctx, tx, was.Slug); err != nil {
				return err
			}
			n, err := affected(tx.ExecContext(ctx, update, next.Title, next.Rules, closesArg(next.ClosesAt), next.Place,
				was.Slug, was.Title, was.Rules, closesArg(was.ClosesAt), was.Place))
			if err == nil && n == 0 {
				return board.ErrOvertaken
			}
			return err
		},
	}))
}

// EndBoard has a board closed by the next FollowBoards, which runs where the keys
// are.
func (s *Store) EndBoard(ctx context.Context, slug string) error {
	const update = `
		UPDATE boards
		SET ending = 1
		WHERE slug = $1`
	return s.oneRow(ctx, "end board", update, slug)
}

// oneBoard makes a change of one board that must be there.
func (s *Store) oneRow(ctx context.Context, doing, query string, args ...any) error {
	return wrap(doing, s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			n, err := affected(tx.ExecContext(ctx, query, args...))
			if err == nil && n == 0 {
				return board.ErrNotFound
			}
			return err
		},
	}))
}

func closesArg(at time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: at.UnixMilli(), Valid: !at.IsZero()}
}

// closesMillis is when a board closes, or later than anything.
func closesMillis(at time.Time) int64 {
	if at.IsZero() {
		return math.MaxInt64
	}
	return at.UnixMilli()
}

// Count returns how many posts live in a board's feed. What was ended by hand may be
// counted until Bury, which is a second.
func (s *Store) Count(ctx context.Context, slug string, now time.Time) (int, error) {
	const q = `
		SELECT (
			SELECT count(*)
			FROM posts
			WHERE board = $1 AND ends_at > $2
		) - (
			SELECT count(*)
			FROM posts
			WHERE board = $1 AND ends_at > $2 AND (unlisted = 1 OR prompt <> '' OR standing <> '')
		)`
	now = s.at(now)
	var n int
	err := s.read(ctx, func(ctx context.Context, db querier) error {
		return db.QueryRowContext(ctx, q, slug, now.UnixMilli()).Scan(&n)
	})
	return n, wrap("count posts", err)
}

// Alive counts what lives on a board, and says when half of it has ended. What was
// ended by hand may be counted until Bury, which is a second.
func (s *Store) Alive(ctx context.Context, slug string, now time.Time) (l board.Living, err error) {
	const count = `
		SELECT count(*)
		FROM posts
		WHERE board = $1 AND ends_at > $2`
	const median = `
		SELECT ends_at
		FROM posts
		WHERE board = $1 AND ends_at > $2
		ORDER BY ends_at
		LIMIT 1 OFFSET $3`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		if err := db.QueryRowContext(ctx, count, slug, now.UnixMilli()).Scan(&l.Posts); err != nil || l.Posts == 0 {
			return err
		}
		var ms int64
		err := db.QueryRowContext(ctx, median, slug, now.UnixMilli(), l.Posts/2).Scan(&ms)
		l.Median = millis(ms)
		return err
	})
	return l, wrap("count what lives", err)
}

// Boards lists the boards, home first.
func (f *SettingsFile) Boards(ctx context.Context) ([]board.Info, error) {
	rows, err := f.store.readBoards(ctx)
	return infos(rows), wrap("read boards", err)
}

// InsertBoard stores a new board; one whose slug is taken is refused with
// board.ErrTaken.
func (f *SettingsFile) InsertBoard(ctx context.Context, b board.Info) error {
	return f.store.InsertBoard(ctx, b)
}

// UpdateBoard makes next of the board that is was, or refuses with board.ErrOvertaken.
func (f *SettingsFile) UpdateBoard(ctx context.Context, was, next board.Info) error {
	return f.store.UpdateBoard(ctx, was, next)
}

// EndBoard has a board closed by a running server, or by the next that starts.
func (f *SettingsFile) EndBoard(ctx context.Context, slug string) error {
	return f.store.EndBoard(ctx, slug)
}
