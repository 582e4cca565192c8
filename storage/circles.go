package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mayfly/board"
)

var _ board.CircleStore = (*Store)(nil)

// circleColumns are what scanCircle reads.
const circleColumns = `
	c.id, c.epoch, c.cap, c.rule, c.gated, c.open, c.turn, c.ttl_default, c.ttl_max, c.closes_at, c.meta,
	(SELECT count(*) FROM circle_members m WHERE m.circle = c.id AND m.seat_until IS NULL),
	(SELECT count(*) FROM circle_members m WHERE m.circle = c.id AND m.wrote = 1)`

func scanCircle(scan scanner) (c board.Circle, err error) {
	var id []byte
	var ttl, ttlMax, closesAt int64
	if err := scan(&id, &c.Epoch, &c.Cap, &c.Rule, &c.Gated, &c.Open, &c.Turn, &ttl, &ttlMax, &closesAt, &c.Meta, &c.Members, &c.Wrote); err != nil {
		return c, err
	}
	c.ID, c.TTLDefault, c.TTLMax, c.ClosesAt = board.PostID(id), duration(ttl), duration(ttlMax), millis(closesAt)
	return c, nil
}

// circleByID returns a circle that is there.
func circleByID(ctx context.Context, q querier, id board.PostID, now time.Time) (board.Circle, error) {
	const find = `
		SELECT ` + circleColumns + `
		FROM circles c
		WHERE c.id = $1 AND c.closes_at > $2`
	return found(scanCircle(q.QueryRowContext(ctx, find, id[:], now.UnixMilli()).Scan))
}

// found turns no row into not found.
func found[T any](v T, err error) (T, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return v, board.ErrNotFound
	}
	return v, err
}

const memberColumns = `
	m.token, m.q, COALESCE(m.record, x''), COALESCE(m.once, x''), COALESCE(m.wrap, x''), m.since, m.maker, m.wrote, m.seat_until IS NULL,
	(SELECT count(*) FROM circle_outs o WHERE o.circle = m.circle AND o.q = m.q)`

func scanMember(scan scanner) (m board.CircleMember, err error) {
	var token, q []byte
	if err := scan(&token, &q, &m.Record, &m.Once, &m.Wrap, &m.Since, &m.Maker, &m.Wrote, &m.Seated, &m.Downs); err != nil {
		return m, err
	}
	m.Token, m.Q = [32]byte(token), [65]byte(q)
	return m, nil
}

// change makes one change of a circle that is there.
func (s *Store) changeCircle(ctx context.Context, doing string, id board.PostID, now time.Time, run func(ctx context.Context, tx *sql.Tx, c board.Circle) error) error {
	return wrap(doing, s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			c, err := circleByID(ctx, tx, id, s.at(now))
			if err != nil {
				return err
			}
			return run(ctx, tx, c)
		},
	}))
}

// execute runs one statement and forgets what it says.
func execute(ctx context.Context, tx querier, query string, args ...any) error {
	_, err := tx.ExecContext(ctx, query, args...)
	return err
}

// InsertCircle stores a circle with its maker.
func (s *Store) InsertCircle(ctx context.Context, c board.Circle, m board.CircleMember, most int, now time.Time) error {
	const count = `
		SELECT count(*), count(*) FILTER (WHERE id = $1)
		FROM circles
		WHERE closes_at > $2 OR id = $1`
	const insert = `
		INSERT INTO circles (id, cap, rule, gated, ttl_default, ttl_max, closes_at, meta)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	return wrap("make circle", s.do(&op{
		ctx: ctx,
		run: func(ctx context.Context, tx *sql.Tx) error {
			var all, same int
			if err := tx.QueryRowContext(ctx, count, c.ID[:], s.at(now).UnixMilli()).Scan(&all, &same); err != nil {
				return err
			}
			switch {
			case same > 0:
				return board.ErrCircleTaken
			case all >= most:
				return board.ErrCircles
			}
			if err := execute(ctx, tx, insert, c.ID[:], c.Cap, c.Rule, c.Gated, c.TTLDefault.Milliseconds(), c.TTLMax.Milliseconds(),
				c.ClosesAt.UnixMilli(), []byte(c.Meta)); err != nil {
				return err
			}
			return insertMember(ctx, tx, c.ID, m, sql.NullInt64{})
		},
	}))
}

func insertMember(ctx context.Context, tx querier, id board.PostID, m board.CircleMember, until sql.NullInt64) error {
	const insert = `
		INSERT INTO circle_members (circle, token, q, record, once, wrap, since, maker, seat_until)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT DO NOTHING`
	n, err := affected(tx.ExecContext(ctx, insert, id[:], m.Token[:], m.Q[:], []byte(m.Record), m.Once, []byte(m.Wrap), m.Since, m.Maker, until))
	if err == nil && n == 0 {
		return board.ErrCircleTaken
	}
	return err
}

// Seat returns a circle, and the member of it whose token's hash is given.
func (s *Store) Seat(ctx context.Context, id board.PostID, token [32]byte, now time.Time) (c board.Circle, m board.CircleMember, err error) {
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		if m, err = seat(ctx, q, id, token, now); err != nil {
			return err
		}
		c, err = circleByID(ctx, q, id, now)
		return err
	})
	return c, m, wrap("enter circle", err)
}

func seat(ctx context.Context, q querier, id board.PostID, token [32]byte, now time.Time) (board.CircleMember, error) {
	const find = `
		SELECT ` + memberColumns + `
		FROM circle_members m
		WHERE m.circle = $1 AND m.token = $2 AND COALESCE(m.seat_until > $3, 1)`
	return found(scanMember(q.QueryRowContext(ctx, find, id[:], token[:], now.UnixMilli()).Scan))
}

// CircleMembers returns the seats that are taken.
func (s *Store) CircleMembers(ctx context.Context, id board.PostID, now time.Time) (list []board.CircleMember, err error) {
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		if _, err := circleByID(ctx, q, id, now); err != nil {
			return err
		}
		list, err = members(ctx, q, id)
		return err
	})
	return list, wrap("read members", err)
}

// members are in the order of their hashes, which says nothing of when they came.
func members(ctx context.Context, q querier, id board.PostID) ([]board.CircleMember, error) {
	const find = `
		SELECT ` + memberColumns + `
		FROM circle_members m
		WHERE m.circle = $1 AND m.seat_until IS NULL
		ORDER BY m.token`
	return all(ctx, q, scanMember, find, id[:])
}

// CircleLinks returns the links to epochs from since on.
func (s *Store) CircleLinks(ctx context.Context, id board.PostID, since uint32, now time.Time) (list []board.CircleLink, err error) {
	const find = `
		SELECT l.epoch, l.box
		FROM circle_links l
		JOIN circles c ON c.id = l.circle
		WHERE l.circle = $1 AND l.epoch > $2 AND c.closes_at > $3
		ORDER BY l.epoch`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		list, err = all(ctx, q, func(scan scanner) (l board.CircleLink, err error) {
			err = scan(&l.Epoch, &l.Box)
			return l, err
		}, find, id[:], since, now.UnixMilli())
		return err
	})
	return list, wrap("read links", err)
}

// TurnCircle gives a circle a new key for those who stay.
func (s *Store) TurnCircle(ctx context.Context, id board.PostID, t board.CircleTurn, everybody bool, now time.Time) error {
	const wrapped = `
		UPDATE circle_members
		SET record = $1, once = $2, wrap = $3, seat_until = NULL
		WHERE circle = $4 AND q = $5 AND seat_until IS NULL AND COALESCE(wrap <> $3, 1)`
	const others = `
		DELETE FROM circle_members
		WHERE circle = $1 AND once IS NOT $2`
	const link = `
		INSERT INTO circle_links (circle, epoch, box)
		VALUES ($1, $2, $3)`
	const next = `
		UPDATE circles
		SET epoch = $1, meta = $2, turn = 0
		WHERE id = $3`
	return s.changeCircle(ctx, "turn the key", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		if c.Epoch+1 != t.Epoch {
			return board.ErrEpoch
		}
		if everybody && len(t.Stay) != c.Members {
			return board.ErrMembers
		}
		for _, m := range t.Stay {
			n, err := affected(tx.ExecContext(ctx, wrapped, []byte(m.Record), t.Once, []byte(m.Wrap), id[:], m.Q[:]))
			if err == nil && n != 1 { // not there, or named twice
				err = board.ErrMembers
			}
			if err != nil {
				return err
			}
		}
		if err := errors.Join(execute(ctx, tx, others, id[:], t.Once), endInvites(ctx, tx, id), execute(ctx, tx, link, id[:], t.Epoch, []byte(t.Link))); err != nil {
			return err
		}
		left, err := members(ctx, tx, id)
		if err == nil && len(left) != len(t.Stay) {
			err = board.ErrMembers
		}
		if err != nil {
			return err
		}
		return execute(ctx, tx, next, t.Epoch, []byte(t.Meta), id[:])
	})
}

// NameCircle puts another meta in the place of the one there is.
func (s *Store) NameCircle(ctx context.Context, id board.PostID, meta board.Envelope, now time.Time) error {
	const name = `
		UPDATE circles
		SET meta = $1
		WHERE id = $2`
	return s.changeCircle(ctx, "name circle", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		if meta.Epoch() != c.Epoch {
			return board.ErrEpoch
		}
		return execute(ctx, tx, name, []byte(meta), id[:])
	})
}

// endInvites revokes all of a circle: whoever is out may hold one.
func endInvites(ctx context.Context, tx querier, id board.PostID) error {
	const revoke = `
		UPDATE circle_invites
		SET revoked = 1, box = x''
		WHERE circle = $1`
	return execute(ctx, tx, revoke, id[:])
}

// out takes a seat from somebody who knows the key of now.
func out(ctx context.Context, tx querier, id board.PostID, token [32]byte) error {
	const leave = `
		DELETE FROM circle_members
		WHERE circle = $1 AND token = $2`
	const turn = `
		UPDATE circles
		SET turn = 1
		WHERE id = $1`
	n, err := affected(tx.ExecContext(ctx, leave, id[:], token[:]))
	if err == nil && n == 0 {
		err = board.ErrNotFound
	}
	return errors.Join(err, execute(ctx, tx, turn, id[:]), endInvites(ctx, tx, id))
}

// LeaveCircle takes a member's seat, and says how many are left.
func (s *Store) LeaveCircle(ctx context.Context, id board.PostID, token [32]byte, now time.Time) (left int, err error) {
	err = s.changeCircle(ctx, "leave circle", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		left = c.Members - 1
		return out(ctx, tx, id, token)
	})
	return left, err
}

// OustMember counts that one member wants another out.
func (s *Store) OustMember(ctx context.Context, id board.PostID, q [65]byte, voter [32]byte, now time.Time) (gone bool, err error) {
	const vote = `
		INSERT INTO circle_outs (circle, q, voter)
		VALUES ($1, $2, $3)
		ON CONFLICT DO NOTHING`
	const find = `
		SELECT ` + memberColumns + `
		FROM circle_members m
		WHERE m.circle = $1 AND m.q = $2 AND m.seat_until IS NULL`
	err = s.changeCircle(ctx, "oust member", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		m, err := found(scanMember(tx.QueryRowContext(ctx, find, id[:], q[:]).Scan))
		if err != nil {
			return err
		}
		if m.Token == voter {
			return board.ErrMembers
		}
		if err := execute(ctx, tx, vote, id[:], q[:], voter[:]); err != nil {
			return err
		}
		if m, err = found(scanMember(tx.QueryRowContext(ctx, find, id[:], q[:]).Scan)); err != nil {
			return err
		}
		if gone = 2*m.Downs > c.Members-1; gone {
			return out(ctx, tx, id, m.Token)
		}
		return nil
	})
	return gone, err
}

// InsertInvite stores an invite for a key of the epoch of now.
func (s *Store) InsertInvite(ctx context.Context, id board.PostID, i board.CircleInvite, now time.Time) error {
	const insert = `
		INSERT INTO circle_invites (circle, token, box, uses, ends_at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT DO NOTHING`
	return s.changeCircle(ctx, "invite", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		if i.Box.Epoch() != c.Epoch {
			return board.ErrEpoch
		}
		open, err := invites(ctx, tx, id, s.at(now))
		if err == nil && len(open) >= board.InvitesMax {
			err = board.ErrInvites
		}
		if err != nil {
			return err
		}
		n, err := affected(tx.ExecContext(ctx, insert, id[:], i.Token[:], []byte(i.Box), i.Uses, i.EndsAt.UnixMilli()))
		if err == nil && n == 0 {
			err = board.ErrCircleTaken
		}
		return err
	})
}

func scanInvite(scan scanner) (i board.CircleInvite, err error) {
	var token []byte
	var endsAt int64
	if err := scan(&token, &i.Box, &i.Uses, &endsAt); err != nil {
		return i, err
	}
	i.Token, i.EndsAt = [32]byte(token), millis(endsAt)
	return i, nil
}

func invites(ctx context.Context, q querier, id board.PostID, now time.Time) ([]board.CircleInvite, error) {
	const find = `
		SELECT token, box, uses, ends_at
		FROM circle_invites
		WHERE circle = $1 AND uses > 0 AND revoked = 0 AND ends_at > $2`
	return all(ctx, q, scanInvite, find, id[:], now.UnixMilli())
}

// CircleInvites returns those that can be used.
func (s *Store) CircleInvites(ctx context.Context, id board.PostID, now time.Time) (list []board.CircleInvite, err error) {
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		list, err = invites(ctx, q, id, now)
		return err
	})
	return list, wrap("read invites", err)
}

// RevokeInvite ends one at once.
func (s *Store) RevokeInvite(ctx context.Context, id board.PostID, token [32]byte, now time.Time) error {
	const revoke = `
		UPDATE circle_invites
		SET revoked = 1, box = x''
		WHERE circle = $1 AND token = $2 AND revoked = 0`
	return s.changeCircle(ctx, "revoke invite", id, now, func(ctx context.Context, tx *sql.Tx, _ board.Circle) error {
		n, err := affected(tx.ExecContext(ctx, revoke, id[:], token[:]))
		if err == nil && n == 0 {
			err = board.ErrNotFound
		}
		return err
	})
}

// JoinCircle uses an invite once, and keeps a seat for m.
func (s *Store) JoinCircle(ctx context.Context, id board.PostID, invite [32]byte, m board.CircleMember, now time.Time) (box board.Envelope, err error) {
	const use = `
		UPDATE circle_invites
		SET uses = uses - 1, box = iif(uses > 1, box, x'')
		WHERE circle = $1 AND token = $2`
	const empty = `
		DELETE FROM circle_members
		WHERE circle = $1 AND seat_until <= $2`
	const count = `
		SELECT count(*)
		FROM circle_members
		WHERE circle = $1`
	err = s.changeCircle(ctx, "join circle", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		now := s.at(now)
		if box, err = goodInvite(ctx, tx, id, invite, now); err != nil {
			return err
		}
		if err := execute(ctx, tx, empty, id[:], now.UnixMilli()); err != nil {
			return err
		}
		var taken int
		if err := tx.QueryRowContext(ctx, count, id[:]).Scan(&taken); err != nil {
			return err
		}
		if taken >= c.Cap {
			return board.ErrCircleFull
		}
		m.Since, m.Maker = c.Epoch, false
		until := sql.NullInt64{Int64: now.Add(board.SeatTime).UnixMilli(), Valid: true}
		return errors.Join(insertMember(ctx, tx, id, m, until), execute(ctx, tx, use, id[:], invite[:]))
	})
	return box, err
}

// goodInvite is what an invite seals, if it can be used.
func goodInvite(ctx context.Context, tx querier, id board.PostID, token [32]byte, now time.Time) (board.Envelope, error) {
	const find = `
		SELECT box, uses, revoked, ends_at
		FROM circle_invites
		WHERE circle = $1 AND token = $2`
	var box board.Envelope
	var uses int
	var revoked bool
	var endsAt int64
	err := tx.QueryRowContext(ctx, find, id[:], token[:]).Scan(&box, &uses, &revoked, &endsAt)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, board.ErrNotFound
	case err != nil:
		return nil, err
	case revoked:
		return nil, board.ErrInviteRevoked
	case uses == 0:
		return nil, board.ErrInviteUsed
	case endsAt <= now.UnixMilli():
		return nil, board.ErrInviteLate
	}
	return box, nil
}

// SitDown takes a seat that was kept.
func (s *Store) SitDown(ctx context.Context, id board.PostID, m board.CircleMember, now time.Time) error {
	const sit = `
		UPDATE circle_members
		SET record = $1, once = $2, wrap = $3, seat_until = NULL
		WHERE circle = $4 AND token = $5 AND seat_until > $6`
	return s.changeCircle(ctx, "sit down", id, now, func(ctx context.Context, tx *sql.Tx, c board.Circle) error {
		if m.Wrap.Epoch() != c.Epoch {
			return board.ErrEpoch
		}
		n, err := affected(tx.ExecContext(ctx, sit, []byte(m.Record), m.Once, []byte(m.Wrap), id[:], m.Token[:], s.at(now).UnixMilli()))
		if err == nil && n == 0 {
			err = board.ErrNotFound
		}
		return err
	})
}

// CircleLines returns what admins see of all circles, the next to close first.
func (s *Store) CircleLines(ctx context.Context, now time.Time) (list []board.CircleLine, err error) {
	const find = `
		SELECT c.id, c.cap, c.closes_at,
			(SELECT count(*) FROM circle_members m WHERE m.circle = c.id AND m.seat_until IS NULL),
			(SELECT count(*) FROM circle_posts p WHERE p.circle = c.id AND p.thread IS NULL AND p.ends_at > $1)
		FROM circles c
		WHERE c.closes_at > $1
		ORDER BY c.closes_at`
	now = s.at(now)
	err = s.read(ctx, func(ctx context.Context, q querier) error {
		list, err = all(ctx, q, func(scan scanner) (l board.CircleLine, err error) {
			var id []byte
			var closesAt int64
			if err := scan(&id, &l.Cap, &closesAt, &l.Members, &l.Posts); err != nil {
				return l, err
			}
			l.ID, l.ClosesAt = board.PostID(id), millis(closesAt)
			return l, nil
		}, find, now.UnixMilli())
		return err
	})
	return list, wrap("read circles", err)
}
