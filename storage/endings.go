package storage

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// End destroys the keys of ids, and of the replies under them, in one durable
// step. It returns those that were alive; of callers that end the same post at
// once, one is told of it. When the keys could not be taken off the disk End
// fails, nobody can read the posts all the same, and Destroy tells of them later.
func (s *Store) End(ctx context.Context, ids []board.PostID, why board.Why, now time.Time) ([]board.Ending, error) {
	ended, err := s.drop(ctx, ids, why, s.at(now))
	if err != nil {
		return nil, wrap("end", err)
	}
	if len(ended) == 0 {
		return nil, nil
	}
	if err := s.keys.Erase(); err != nil {
		s.untold.add(ended...)
		return nil, wrap("end", err)
	}
	s.settle(ctx, ended, now)
	return ended, nil
}

// drop closes the door on ids and what is under them. Under writing no reply can
// slip in between.
func (s *Store) drop(ctx context.Context, ids []board.PostID, why board.Why, now time.Time) ([]board.Ending, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	var rows []row
	var under []keys.Ref
	signs := map[board.PostID]board.Sign{}
	for _, id := range ids {
		r, err := anyByID(ctx, s.writer, id, now)
		if errors.Is(err, board.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
		if why == board.ByAdmin { // whose author will be told: its box is closed in a moment
			p, _ := s.open(r, now)
			signs[r.ID] = p.Sign
		}
		if r.IsReply() {
			continue
		}
		refs, err := replyRefs(ctx, s.writer, r.Seq)
		if err != nil {
			return nil, err
		}
		under = append(under, refs...)
	}
	var ended []board.Ending
	for _, r := range rows {
		if _, err := s.rootKey(r, now); err != nil && !s.endedWith(r, ended) {
			continue
		}
		if len(s.keys.Drop(r.ref)) == 1 {
			ended = append(ended, board.Ending{ID: r.ID, Thread: r.Thread, Board: r.Board, Why: why, Sign: signs[r.ID], Unlisted: r.Unlisted || r.Standing == board.Held})
			s.byHand.add(r.ID, r.IsReply())
			s.talks.mark(r.ID)
		}
	}
	s.keys.Drop(under...)
	s.changed()
	return ended, nil
}

// endedWith says whether r's thread was ended in this same step.
func (s *Store) endedWith(r row, ended []board.Ending) bool {
	return slices.ContainsFunc(ended, func(e board.Ending) bool { return e.ID == r.Thread })
}

func replyRefs(ctx context.Context, q querier, thread int64) ([]keys.Ref, error) {
	const find = `
		SELECT slot, gen
		FROM replies
		WHERE thread = $1`
	return all(ctx, q, scanRef, find, thread)
}

func scanRef(scan scanner) (keys.Ref, error) {
	var slot, gen int64
	err := scan(&slot, &gen)
	return ref(slot, gen), err
}

// settle does what may follow an ending by hand without being part of it: the
// wordless line, and the rows of replies, so that their thread counts right.
func (s *Store) settle(ctx context.Context, ended []board.Ending, now time.Time) {
	if !slices.ContainsFunc(ended, func(e board.Ending) bool { return e.ID != e.Thread || e.Why.LeavesTrace() }) {
		return
	}
	buried := 0
	err := s.do(&op{
		ctx: context.WithoutCancel(ctx),
		run: func(ctx context.Context, tx *sql.Tx) error {
			for _, e := range ended {
				switch {
				case e.ID != e.Thread:
					n, err := deleteReply(ctx, tx, e.ID)
					if err != nil {
						return err
					}
					buried += n
				case e.Why.LeavesTrace() && !e.Unlisted:
					if err := insertTrace(ctx, tx, e, now); err != nil {
						return err
					}
				}
			}
			return nil
		},
		after: func() {
			s.deleted.Add(int64(buried))
			for _, e := range ended {
				if e.ID != e.Thread {
					s.byHand.remove(e.ID)
				}
			}
		},
	})
	if err != nil {
		s.log.ErrorContext(ctx, "an ending left no trace in its feed or thread", "err", err)
	}
}

// traceGrid is what the end of a trace is rounded up to.
const traceGrid = 10 * time.Second

func insertTrace(ctx context.Context, tx querier, e board.Ending, now time.Time) error {
	const insert = `
		INSERT INTO traces (id, board, why, until)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`
	until := now.Add(board.TraceTime + traceGrid - 1).Truncate(traceGrid)
	_, err := tx.ExecContext(ctx, insert, e.ID[:], e.Board, string(e.Why), until.UnixMilli())
	return err
}

// Traces returns the wordless lines that stand in a board's feed, the newest first.
func (s *Store) Traces(ctx context.Context, slug string, now time.Time) ([]board.Trace, error) {
	const q = `
		SELECT id, board, why, until
		FROM traces
		WHERE board = $1 AND until > $2
		ORDER BY until DESC
		LIMIT $3`
	now = s.at(now)
	var traces []board.Trace
	err := s.read(ctx, func(ctx context.Context, db querier) (err error) {
		traces, err = all(ctx, db, scanTrace, q, slug, now.UnixMilli(), board.PageMax)
		return err
	})
	return traces, wrap("read traces", err)
}

func scanTrace(scan scanner) (board.Trace, error) {
	var t board.Trace
	var id []byte
	var until int64
	if err := scan(&id, &t.Board, &t.Why, &until); err != nil {
		return board.Trace{}, err
	}
	t.ID, t.Until = board.PostID(id), millis(until)
	return t, nil
}

// Destroy zeroes the keys of everything that has ended at now. It needs no room on the
// disk. When it fails the keys are out of reach all the same, and the next Destroy zeroes
// them.
//
// Nobody reads which posts they were before that is done: for a million it takes longer
// than a key may stay. Without its thread's key a reply's own opens nothing.
func (s *Store) Destroy(now time.Time) error {
	s.dropExpired(s.at(now))
	return wrap("destroy", s.keys.Erase())
}

// Endings returns the posts that had ended at now, each once, and zeroes the keys of their
// replies. It is called after a Destroy of the same moment, and may run beside the next
// ones. When it fails the next call returns what this one would have.
func (s *Store) Endings(ctx context.Context, now time.Time) ([]board.Ending, error) {
	s.naming.Lock()
	defer s.naming.Unlock()
	now = s.at(now)
	named := s.nameEnded(ctx, now)
	if err := errors.Join(named, s.keys.Erase()); err != nil {
		return nil, wrap("name endings", err)
	}
	return s.untold.take(), nil
}

// dropMost is how many keys are dropped while posts wait, some milliseconds.
const dropMost = 4_000

// dropExpired closes the door on what has ended.
func (s *Store) dropExpired(now time.Time) {
	for s.dropSome(now) == dropMost {
		continue
	}
}

// dropSome says how many keys it dropped. Under writing no vote is between its row and
// its key.
func (s *Store) dropSome(now time.Time) int {
	s.writing.Lock()
	defer s.writing.Unlock()
	dropped := s.keys.DropExpired(now, dropMost)
	if len(dropped) > 0 {
		s.unnamed.add(dropped)
		s.changed()
	}
	return len(dropped)
}

// nameEnded finds the posts whose keys were dropped, and drops the keys of their
// replies. It reads rows from the earliest such end on, so that rows which could
// not be deleted are not read again each time.
func (s *Store) nameEnded(ctx context.Context, now time.Time) error {
	from, some := s.unnamed.begin(now)
	if !some {
		return nil
	}
	for _, b := range s.boardList() {
		if err := s.nameEndedOn(ctx, b, from, now); err != nil {
			return err
		}
	}
	s.unnamed.finish()
	return nil
}

// namePage is how many ended posts are named at a time, so that no read is long.
const namePage = 2000

func (s *Store) nameEndedOn(ctx context.Context, b board.Info, from, now time.Time) error {
	after := position{endsAt: from.UnixMilli() - 1, seq: math.MaxInt64}
	for {
		page, err := s.endedPage(ctx, b.Slug, after, now)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if s.unnamed.named(e.ref) {
				s.untold.add(e.ending(b.ClosesAt))
				s.talks.mark(e.id)
			}
		}
		if after = page[len(page)-1].position; len(page) < namePage {
			return nil
		}
	}
}

// position is a place in a board's order of endings.
type position struct{ endsAt, seq int64 }

// endedRow is what an ending is made of.
type endedRow struct {
	position
	id      board.PostID
	board   string
	until   int64
	ref     keys.Ref
	replies int

	unlisted bool
}

// ending says what ended a row on a board that closes at a time, or never.
func (e endedRow) ending(closesAt time.Time) board.Ending {
	why := board.ByTime
	switch {
	case e.endsAt >= closesMillis(closesAt):
		why = board.ByBoard
	case e.endsAt < e.until:
		why = board.BySilence
	}
	return board.Ending{ID: e.id, Thread: e.id, Board: e.board, Why: why, Unlisted: e.unlisted}
}

// endedPage reads the next ended posts, and drops the keys of those's replies
// whose own are dropped.
func (s *Store) endedPage(ctx context.Context, slug string, after position, now time.Time) ([]endedRow, error) {
	var page []endedRow
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if page, err = endedRows(ctx, q, slug, after, now, namePage); err != nil {
			return err
		}
		for _, e := range page {
			if e.replies == 0 || s.keys.Has(e.ref) {
				continue
			}
			refs, err := replyRefs(ctx, q, e.seq)
			if err != nil {
				return err
			}
			s.keys.Drop(refs...)
		}
		return nil
	})
	return page, err
}

// What an endedRow is read from, and the row as one text: it is handed over for a whole page
// at a time, as a call into SQLite for each of a million costs more than all that it reads.
const (
	endedColumns = `ends_at, seq, id, unlisted = 1 OR standing = 'held' AS aside, until, slot, gen, replies`
	endedText    = `group_concat(concat_ws(' ', ends_at, seq, hex(id), aside, until, slot, gen, replies), ',')`
)

// endedRows reads the next ended posts of a board. Ends lie on a grid, so very many are
// the same, and SQLite searches an index by the first of a pair alone: to compare pairs
// would read all of one end again for each page.
func endedRows(ctx context.Context, q querier, slug string, after position, now time.Time, limit int) ([]endedRow, error) {
	const same = `
		SELECT ` + endedText + `
		FROM (
			SELECT ` + endedColumns + `
			FROM posts
			WHERE board = $1 AND ends_at = $2 AND seq > $3
			ORDER BY seq
			LIMIT $4
		)`
	const later = `
		SELECT ` + endedText + `
		FROM (
			SELECT ` + endedColumns + `
			FROM posts
			WHERE board = $1 AND ends_at > $2 AND ends_at <= $3
			ORDER BY ends_at, seq
			LIMIT $4
		)`
	rows, err := readEnded(q.QueryRowContext(ctx, same, slug, after.endsAt, after.seq, limit), slug)
	if err != nil || len(rows) == limit {
		return rows, err
	}
	more, err := readEnded(q.QueryRowContext(ctx, later, slug, after.endsAt, now.UnixMilli(), limit-len(rows)), slug)
	return append(rows, more...), err
}

// readEnded takes a page of ended posts apart. What is put together in no order that is
// promised is put in order here.
func readEnded(page *sql.Row, slug string) ([]endedRow, error) {
	var text sql.NullString
	if err := page.Scan(&text); err != nil || !text.Valid {
		return nil, err
	}
	rows := make([]endedRow, 0, strings.Count(text.String, ",")+1)
	for row := range strings.SplitSeq(text.String, ",") {
		e := endedRow{board: slug}
		if err := e.read(row); err != nil {
			return nil, err
		}
		rows = append(rows, e)
	}
	slices.SortFunc(rows, func(x, y endedRow) int { return cmp.Or(cmp.Compare(x.endsAt, y.endsAt), cmp.Compare(x.seq, y.seq)) })
	return rows, nil
}

// read takes one row apart that endedText put together.
func (e *endedRow) read(row string) (err error) {
	next := func() (text string) {
		text, row, _ = strings.Cut(row, " ")
		return text
	}
	number := func() int64 {
		n, bad := strconv.ParseInt(next(), 10, 64)
		err = errors.Join(err, bad)
		return n
	}
	e.endsAt, e.seq = number(), number()
	if n, bad := hex.Decode(e.id[:], []byte(next())); bad != nil || n != len(e.id) {
		err = errors.Join(err, bad, errors.New("an id is cut off"))
	}
	e.unlisted, e.until = number() == 1, number()
	e.ref = ref(number(), number())
	e.replies = int(number())
	return err
}

// capPage is how many lives are shortened in one transaction; posts go in between.
const capPage = 2000

// Cap brings every life under the bounds of its board, and says how many end
// sooner.
func (s *Store) Cap(ctx context.Context, bounds []board.Bound) (int, error) {
	const first = `
		SELECT COALESCE(min(seq), 1)
		FROM posts`
	var from int64
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		return q.QueryRowContext(ctx, first).Scan(&from)
	})
	if err != nil {
		return 0, wrap("cap lives", err)
	}
	moved := 0
	for after := from - 1; ; after += capPage {
		n, more, err := s.capPage(ctx, bounds, after)
		moved += n
		if err != nil {
			return moved, wrap("cap lives", err)
		}
		if !more {
			return moved, nil
		}
	}
}

// Shortened counts what Cap would do to what lives on a board.
func (s *Store) Shortened(ctx context.Context, b board.Bound, now time.Time) (n board.Shortened, err error) {
	const q = `
		SELECT count(*) FILTER (WHERE ` + ttlCap + ` <= $2),
			count(*) FILTER (WHERE ` + ttlCap + ` > $2 AND ` + ttlCap + ` < ends_at),
			count(*)
		FROM posts
		WHERE board = $3 AND ends_at > $2`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		return db.QueryRowContext(ctx, q, b.TTLMax.Milliseconds(), now.UnixMilli(), b.Board).Scan(&n.Ends, &n.Sooner, &n.All)
	})
	return n, wrap("count what would end", err)
}

// lowered is a life whose end was moved.
type lowered struct {
	ref    keys.Ref
	endsAt time.Time
}

// capPage shortens the posts of one range of seq.
func (s *Store) capPage(ctx context.Context, bounds []board.Bound, after int64) (moved int, more bool, err error) {
	const follow = `
		SELECT EXISTS (SELECT 1 FROM posts WHERE seq > $1)`
	var ends []lowered
	err = s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			for _, b := range bounds {
				list, err := lower(ctx, tx, b, after)
				if err != nil {
					return err
				}
				ends = append(ends, list...)
			}
			return tx.QueryRowContext(ctx, follow, after+capPage).Scan(&more)
		},
		after: func() {
			for _, e := range ends {
				if s.keys.SetEnds(e.ref, e.endsAt) {
					moved++
				}
			}
		},
	})
	return moved, more, err
}

// ttlCap is the cap of a post under a ttl_max ($1), rounded up to its grid. A prompt
// has a length of its own, which the host chose.
const ttlCap = `CASE WHEN prompt = '' THEN (since + $1 + grid - 1) / grid * grid ELSE cap_at END`

// lower brings the posts of one board, of those after a seq, under its bound.
func lower(ctx context.Context, tx querier, b board.Bound, after int64) ([]lowered, error) {
	const q = `
		UPDATE posts
		SET cap_at = min(cap_at, ` + ttlCap + `, $2),
			until = min(until, ` + ttlCap + `, $2),
			ends_at = min(ends_at, ` + ttlCap + `, $2)
		WHERE seq > $3 AND seq <= $4 AND board = $5 AND cap_at > min(` + ttlCap + `, $2)
		RETURNING slot, gen, ends_at`
	return all(ctx, tx, func(scan scanner) (lowered, error) {
		var slot, gen, endsAt int64
		err := scan(&slot, &gen, &endsAt)
		return lowered{ref(slot, gen), millis(endsAt)}, err
	}, q, b.TTLMax.Milliseconds(), closesMillis(b.ClosesAt), after, after+capPage, b.Board)
}
