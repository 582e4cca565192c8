package storage

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
)

// What a notice says and what its host answers are boxes of their own, bound to its id,
// under a key that goes with it. The fields of the first stand behind fieldMark.
const (
	partClaim  = "notice"
	partAnswer = "answer"
)

const claimColumns = `
	seq, id, kind, state, post, board, sent, ends_at, reason, slot, gen, words, answer`

// InsertClaim stores a notice and its key, durably. Past most of them it is
// board.ErrClaims.
func (s *Store) InsertClaim(ctx context.Context, n board.Claim, key board.Key, most int) error {
	const insert = `
		INSERT INTO claims (id, kind, state, post, board, sent, ends_at, slot, gen, words)
		VALUES ($1, $2, 'waits', $3, $4, $5, $6, $7, $8, $9)`
	words, err := sealClaim(key, n.ID, partClaim, n.Where, n.Why, n.Name, n.Mail)
	if err != nil {
		return wrap("seal notice", err)
	}
	b := &birth{key: key, capAt: n.EndsAt, endsAt: n.EndsAt}
	return wrap("insert notice", s.do(&op{
		ctx: ctx, birth: b, bytes: len(words),
		run: func(ctx context.Context, tx *sql.Tx) error {
			var there int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM claims").Scan(&there); err != nil {
				return err
			}
			if there >= most {
				return board.ErrClaims
			}
			var post []byte
			if n.Post != (board.PostID{}) {
				post = n.Post[:]
			}
			slot, gen := refArgs(b.ref)
			_, err := tx.ExecContext(ctx, insert, n.ID[:], n.Kind, post, n.Board, n.Sent.UnixMilli(), n.EndsAt.UnixMilli(), slot, gen, words)
			return err
		},
	}))
}

func sealClaim(key board.Key, id board.PostID, part string, fields ...string) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain := []byte(strings.Join(fields, fieldMark))
	defer clear(plain)
	return aead.Seal(nil, nil, plain, aad(id, part)), nil //nolint:gosec // it draws its own nonce
}

func unsealClaim(key board.Key, id board.PostID, part string, box []byte) ([]string, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, nil, box, aad(id, part))
	if err != nil {
		return nil, errBox
	}
	defer clear(plain)
	return strings.Split(string(plain), fieldMark), nil
}

// claimRow is a notice as it is stored.
type claimRow struct {
	board.Claim
	ref           keys.Ref
	words, answer []byte
}

func scanClaim(scan scanner) (r claimRow, err error) {
	var id, post []byte
	var sent, endsAt, slot, gen int64
	if err := scan(&r.Number, &id, &r.Kind, &r.State, &post, &r.Board, &sent, &endsAt, &r.Reason, &slot, &gen, &r.words, &r.answer); err != nil {
		return r, err
	}
	r.ID, r.Sent, r.EndsAt, r.ref = board.PostID(id), millis(sent), millis(endsAt), ref(slot, gen)
	if len(post) == len(r.Post) {
		r.Post = board.PostID(post)
	}
	return r, nil
}

// openClaim opens the boxes of a row, whose key may be lost.
func (s *Store) openClaim(r claimRow, now time.Time) board.Claim {
	key, err := s.keys.Key(r.ref, now)
	if err != nil {
		r.Wordless = true
		return r.Claim
	}
	said, err := unsealClaim(key, r.ID, partClaim, r.words)
	if err != nil || len(said) != 4 {
		r.Wordless = true
		return r.Claim
	}
	r.Where, r.Why, r.Name, r.Mail = said[0], said[1], said[2], said[3]
	if len(r.answer) > 0 {
		if said, err = unsealClaim(key, r.ID, partAnswer, r.answer); err == nil {
			r.Answer = said[0]
		}
	}
	return r.Claim
}

// Claim returns one by its ID.
func (s *Store) Claim(ctx context.Context, id board.PostID, now time.Time) (board.Claim, error) {
	const find = `
		SELECT ` + claimColumns + `
		FROM claims
		WHERE id = $1 AND ends_at > $2`
	list, err := s.claims(ctx, now, find, id[:])
	if err == nil && len(list) == 0 {
		err = board.ErrNotFound
	}
	if err != nil {
		return board.Claim{}, wrap("read notice", err)
	}
	return list[0], nil
}

// Claims returns those that are there, those that wait first and then the newest, at
// most limit.
func (s *Store) Claims(ctx context.Context, limit int, now time.Time) ([]board.Claim, error) {
	const waiting = `
		SELECT ` + claimColumns + `
		FROM claims
		WHERE state = 'waits' AND +ends_at > $2
		ORDER BY seq
		LIMIT $1`
	const rest = `
		SELECT ` + claimColumns + `
		FROM claims
		WHERE state <> 'waits' AND +ends_at > $2
		ORDER BY seq DESC
		LIMIT $1`
	var list []board.Claim
	for _, q := range []string{waiting, rest} {
		some, err := s.claims(ctx, now, q, limit-len(list))
		if err != nil {
			return nil, wrap("read claims", err)
		}
		list = append(list, some...)
	}
	return list, nil
}

// claims reads and opens what q finds; its second argument is the time.
func (s *Store) claims(ctx context.Context, now time.Time, q string, first any) (list []board.Claim, err error) {
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		rows, err := all(ctx, db, scanClaim, q, first, now.UnixMilli())
		for _, r := range rows {
			list = append(list, s.openClaim(r, now))
		}
		return err
	})
	return list, err
}

// ClaimsWaiting counts those that nobody has decided.
func (s *Store) ClaimsWaiting(ctx context.Context, now time.Time) (n int, err error) {
	const q = `
		SELECT count(*)
		FROM claims
		WHERE state = 'waits' AND +ends_at > $1`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, db querier) error {
		return db.QueryRowContext(ctx, q, now.UnixMilli()).Scan(&n)
	})
	return n, wrap("count claims", err)
}

// DecideClaim records a decision, its line in the log and when it all ends, in one
// step. What was decided is board.ErrDecided; what was removed for a notice may look gone
// by itself by then.
func (s *Store) DecideClaim(ctx context.Context, number int64, d board.Decision, e board.Entry, endsAt time.Time) error {
	const find = `
		SELECT ` + claimColumns + `
		FROM claims
		WHERE seq = $1 AND (state = 'waits' OR state = 'gone' AND $2 = 'removed') AND ends_at > $3`
	const save = `
		UPDATE claims
		SET state = $1, reason = $2, ends_at = min(ends_at, $3), answer = $4
		WHERE seq = $5`
	var r claimRow
	return wrap("decide notice", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) (err error) {
			r, err = scanClaim(tx.QueryRowContext(ctx, find, number, d.State, s.at(e.At).UnixMilli()).Scan)
			if errors.Is(err, sql.ErrNoRows) {
				return board.ErrDecided
			}
			if err != nil {
				return err
			}
			var answer []byte
			if key, err := s.keys.Key(r.ref, s.at(e.At)); err == nil && d.Answer != "" {
				if answer, err = sealClaim(key, r.ID, partAnswer, d.Answer); err != nil {
					return err
				}
			}
			if _, err := tx.ExecContext(ctx, save, d.State, d.Reason, endsAt.UnixMilli(), answer, number); err != nil {
				return err
			}
			return record(ctx, tx, e)
		},
		after: func() { s.shortenClaim(r.ref, r.EndsAt, endsAt) },
	}))
}

func (s *Store) shortenClaim(at keys.Ref, was, endsAt time.Time) {
	if endsAt.Before(was) {
		s.keys.SetEnds(at, endsAt)
	}
}

// Orphaned lets go, ClaimAfter from now, of what nobody has decided and whose post or
// reply is gone.
func (s *Store) Orphaned(ctx context.Context, endsAt, now time.Time) error {
	const find = `
		SELECT ` + claimColumns + `
		FROM claims n
		WHERE n.state = 'waits' AND n.post IS NOT NULL AND +n.ends_at > $1`
	const save = `
		UPDATE claims
		SET state = 'gone', ends_at = min(ends_at, $1)
		WHERE seq = $2 AND state = 'waits'`
	now = s.at(now)
	var orphans []claimRow
	err := s.read(ctx, func(ctx context.Context, db querier) error {
		rows, err := all(ctx, db, scanClaim, find, now.UnixMilli())
		if err != nil {
			return err
		}
		for _, r := range rows {
			p, err := anyByID(ctx, db, r.Post, now)
			if err == nil {
				_, err = s.rootKey(p, now)
			}
			if errors.Is(err, board.ErrNotFound) {
				orphans = append(orphans, r)
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	for _, r := range orphans {
		if err != nil {
			break
		}
		err = s.do(&op{
			ctx: ctx,
			run: func(ctx context.Context, tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, save, endsAt.UnixMilli(), r.Number)
				return err
			},
			after: func() { s.shortenClaim(r.ref, r.EndsAt, endsAt) },
		})
	}
	return wrap("let go of claims", err)
}

// deleteClaims deletes the rows of claims whose keys are gone with their time.
func deleteClaims(ctx context.Context, tx querier, now time.Time) (int, error) {
	const q = `
		DELETE FROM claims
		WHERE ends_at <= $1`
	return affected(tx.ExecContext(ctx, q, now.UnixMilli()))
}

// compareClaims tells of the keys of claims: without one a notice is a line without
// words.
func (s *Store) compareClaims(ctx context.Context, meet func(keys.Ref, time.Time)) error {
	const q = `
		SELECT slot, gen, ends_at
		FROM claims`
	return each(ctx, s.writer, func(scan scanner) error {
		var slot, gen, endsAt int64
		if err := scan(&slot, &gen, &endsAt); err != nil {
			return err
		}
		meet(ref(slot, gen), millis(endsAt))
		return nil
	}, q)
}
