package storage

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"mayfly/board"
)

// Vote records, changes or takes back one visitor's vote in one step.
func (s *Store) Vote(ctx context.Context, b board.Ballot, now time.Time) (board.Post, error) {
	now = s.at(now)
	var r row
	var opens opener
	vote := &op{ctx: ctx}
	vote.run = func(ctx context.Context, tx *sql.Tx) (err error) {
		if r, err = anyByID(ctx, tx, b.Post, s.at(now)); err != nil {
			return err
		}
		if opens, err = s.opener(r, s.at(now)); err != nil {
			return err
		}
		was := r.Life
		r.Post, err = cast(ctx, tx, b, r.Post, now)
		vote.adds = !hastens(was, r.Life, s.at(now))
		return err
	}
	vote.after = func() {
		if !r.IsReply() {
			s.keys.SetEnds(r.ref, r.Life.EndsAt)
		}
	}
	if err := s.do(vote); err != nil {
		return board.Post{}, wrap("vote", err)
	}
	p, err := s.openWith(opens, r)
	return p.Seal(), err
}

// cast turns the vote, and the post it moves.
func cast(ctx context.Context, tx querier, b board.Ballot, p board.Post, now time.Time) (board.Post, error) {
	was, err := voteOf(ctx, tx, b)
	if err != nil || was == b.Vote {
		return p, err
	}
	p = b.Cast(p, was, now)
	if err := saveVote(ctx, tx, b); err != nil {
		return board.Post{}, err
	}
	return p, saveScore(ctx, tx, p)
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
