package storage

import (
	"context"
	"math"
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

// CircleVotes returns which of the tags have voted, and how.
func (s *Store) CircleVotes(ctx context.Context, tags map[board.PostID]board.Tag) (map[board.PostID]board.Vote, error) {
	const find = eachPair + `
		SELECT v.post, v.vote
		FROM pair
		CROSS JOIN circle_votes v ON v.post = substr($1, at, 16) AND v.tag = substr($1, at + 16, 16)`
	return s.votes(ctx, find, tags)
}
