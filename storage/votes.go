package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"mayfly/board"
)

// joint is the votes on one post that are on their way into the same transaction: each
// is recorded by itself, their post is read and written once.
type joint struct {
	ballots []*ballot
	row     row
	opens   opener
	done    chan struct{}
}

type ballot struct {
	board.Ballot
	ctx context.Context
	now time.Time
	err error
}

// joints are those that still take votes.
type joints struct {
	mu      sync.Mutex
	open    map[board.PostID]*joint
	waiting int // ballots in them
}

// Vote records, changes or takes back one visitor's vote in one step. The post it
// returns has the votes of all who voted in the same moment.
func (s *Store) Vote(ctx context.Context, b board.Ballot, now time.Time) (board.Post, error) {
	mine := &ballot{Ballot: b, ctx: ctx, now: s.at(now)}
	j, err := s.join(mine)
	if err != nil {
		return board.Post{}, wrap("vote", err)
	}
	s.hurry.Add(1)
	<-j.done
	s.hurry.Add(-1)
	if mine.err != nil {
		return board.Post{}, wrap("vote", mine.err)
	}
	p, err := s.openWith(j.opens, j.row)
	return p.Seal(), err
}

// join puts a ballot to those on the same post that wait, or begins with it. No more
// ballots wait than other changes may.
func (s *Store) join(b *ballot) (*joint, error) {
	s.joints.mu.Lock()
	defer s.joints.mu.Unlock()
	if s.joints.waiting >= queueMax {
		return nil, errQueueFull
	}
	j, known := s.joints.open[b.Post]
	if !known {
		j = &joint{done: make(chan struct{})}
		if err := s.count(j, b); err != nil {
			return nil, err
		}
		s.joints.add(b.Post, j)
	}
	j.ballots = append(j.ballots, b)
	s.joints.waiting++
	return j, nil
}

// count has j's ballots, of which first is the first, cast with the next batch. Whoever
// leaves takes their own along, and no other.
func (s *Store) count(j *joint, first *ballot) error {
	o := &op{ctx: context.WithoutCancel(first.ctx), done: make(chan error, 1)}
	o.run = func(ctx context.Context, tx *sql.Tx) (err error) {
		s.joints.close(first.Post, j)
		o.adds, err = s.castAll(ctx, tx, j)
		return err
	}
	o.after = func() {
		if !j.row.IsReply() {
			s.keys.SetEnds(j.row.ref, j.row.Life.EndsAt)
		}
	}
	if err := s.enqueue(o); err != nil {
		return err
	}
	go func() {
		err := <-o.done
		s.joints.close(first.Post, j) // of one that never ran
		for _, b := range j.ballots {
			b.err = cmp.Or(b.err, err)
		}
		close(j.done)
	}()
	return nil
}

func (js *joints) add(id board.PostID, j *joint) {
	if js.open == nil {
		js.open = map[board.PostID]*joint{}
	}
	js.open[id] = j
}

// close has whoever votes from now on begin another joint.
func (js *joints) close(id board.PostID, j *joint) {
	js.mu.Lock()
	defer js.mu.Unlock()
	if js.open[id] == j {
		delete(js.open, id)
		js.waiting -= len(j.ballots)
	}
}

// castAll turns the votes of a closed joint, and the post they move. adds says that none
// of them took anything away.
func (s *Store) castAll(ctx context.Context, tx querier, j *joint) (adds bool, err error) {
	id := j.ballots[0].Post
	latest := s.at(j.ballots[len(j.ballots)-1].now)
	if j.row, err = anyByID(ctx, tx, id, latest); err != nil {
		return false, err
	}
	if j.opens, err = s.opener(j.row, latest); err != nil {
		return false, err
	}
	was := j.row.Life
	moved := false
	for _, b := range j.ballots {
		if b.err = b.ctx.Err(); b.err != nil {
			continue
		}
		turned, err := cast(ctx, tx, b.Ballot, &j.row.Post, b.now)
		if err != nil {
			return false, err
		}
		moved = moved || turned
	}
	if moved {
		err = saveScore(ctx, tx, j.row.Post)
	}
	return !hastens(was, j.row.Life, latest), err
}

// cast records a vote, and says whether it turned what it moves in p.
func cast(ctx context.Context, tx querier, b board.Ballot, p *board.Post, now time.Time) (turned bool, err error) {
	was, err := voteOf(ctx, tx, b)
	if err != nil || was == b.Vote {
		return false, err
	}
	*p = b.Cast(*p, was, now)
	return true, saveVote(ctx, tx, b)
}

func voteOf(ctx context.Context, tx querier, b board.Ballot) (board.Vote, error) {
	const find = `
		SELECT vote
		FROM votes
		WHERE post = $1 AND tag = $2`
	var was board.Vote
	err := tx.QueryRowContext(ctx, find, b.Post[:], b.Tag[:]).Scan(&was)
	if errors.Is(err, sql.ErrNoRows) {
		return board.NoVote, nil
	}
	return was, err
}

func saveVote(ctx context.Context, tx querier, b board.Ballot) error {
	const takeBack = `
		DELETE FROM votes
		WHERE post = $1 AND tag = $2`
	const save = `
		INSERT INTO votes (post, tag, vote)
		VALUES ($1, $2, $3)
		ON CONFLICT (post, tag) DO UPDATE SET vote = excluded.vote`
	var err error
	if b.Vote == board.NoVote {
		_, err = tx.ExecContext(ctx, takeBack, b.Post[:], b.Tag[:])
	} else {
		_, err = tx.ExecContext(ctx, save, b.Post[:], b.Tag[:], int64(b.Vote))
	}
	return err
}

func saveScore(ctx context.Context, tx querier, p board.Post) error {
	const ofReply = `
		UPDATE replies
		SET hearts = $1, score = $2
		WHERE seq = $3`
	const ofPost = `
		UPDATE posts
		SET hearts = $1, score = $2, heat = $3, until = $4, ends_at = $5
		WHERE seq = $6`
	var err error
	if p.IsReply() {
		_, err = tx.ExecContext(ctx, ofReply, p.Hearts, p.Score, p.Seq)
	} else {
		_, err = tx.ExecContext(ctx, ofPost, p.Hearts, p.Score, p.Heat(), p.Life.Until.UnixMilli(), p.Life.EndsAt.UnixMilli(), p.Seq)
	}
	return err
}

// Votes returns which of the tags have voted, and how.
func (s *Store) Votes(ctx context.Context, tags map[board.PostID]board.Tag) (map[board.PostID]board.Vote, error) {
	const find = eachPair + `
		SELECT v.post, v.vote
		FROM pair
		CROSS JOIN votes v ON v.post = substr($1, at, 16) AND v.tag = substr($1, at + 16, 16)`
	return s.votes(ctx, find, tags)
}

// votes runs a query that finds the votes of eachPair.
func (s *Store) votes(ctx context.Context, find string, tags map[board.PostID]board.Tag) (map[board.PostID]board.Vote, error) {
	votes := make(map[board.PostID]board.Vote, len(tags))
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		return each(ctx, q, func(scan scanner) error {
			var id []byte
			var vote board.Vote
			if err := scan(&id, &vote); err != nil {
				return err
			}
			votes[board.PostID(id)] = vote
			return nil
		}, find, pairs(tags))
	})
	if err != nil {
		return nil, wrap("read votes", err)
	}
	return votes, nil
}

// eachPair cuts up what pairs has joined: one text, one search a pair.
const eachPair = `
		WITH RECURSIVE pair(at) AS (
			SELECT 1
			UNION ALL
			SELECT at + 32 FROM pair WHERE at + 32 < length($1)
		)`

// pairs joins all pairs of post and tag in one blob.
func pairs(tags map[board.PostID]board.Tag) []byte {
	blob := make([]byte, 0, 32*len(tags))
	for id, tag := range tags {
		blob = append(append(blob, id[:]...), tag[:]...)
	}
	return blob
}
