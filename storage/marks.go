package storage

import (
	"context"

	"mayfly/board"
)

// eachID cuts up ids that were joined: one search an id.
const eachID = `
		WITH RECURSIVE one(at) AS (
			SELECT 1
			UNION ALL
			SELECT at + 16 FROM one WHERE at + 16 < length($1)
		)`

// Marks returns the tags of those who voted on posts or opened them; false: there are more
// than most.
func (s *Store) Marks(ctx context.Context, ids []board.PostID, most int) (board.Marks, bool, error) {
	const votes = eachID + `
		SELECT v.post, v.tag, v.vote
		FROM one
		CROSS JOIN votes v ON v.post = substr($1, at, 16)
		LIMIT $2`
	const openings = eachID + `
		SELECT o.post, o.tag, 0
		FROM one
		CROSS JOIN openings o ON o.post = substr($1, at, 16)
		LIMIT $2`
	m := board.Marks{Votes: map[board.PostID]map[board.Tag]board.Vote{}, Opened: map[board.PostID]map[board.Tag]bool{}}
	if len(ids) == 0 {
		return m, true, nil
	}
	found := 0
	err := s.read(ctx, func(ctx context.Context, q querier) error {
		err := eachMark(ctx, q, votes, ids, most, func(id board.PostID, tag board.Tag, vote board.Vote) {
			found++
			put(m.Votes, id, tag, vote)
		})
		if err != nil {
			return err
		}
		return eachMark(ctx, q, openings, ids, most, func(id board.PostID, tag board.Tag, _ board.Vote) {
			found++
			put(m.Opened, id, tag, true)
		})
	})
	return m, found <= most, wrap("read marks", err)
}

func put[V any](m map[board.PostID]map[board.Tag]V, id board.PostID, tag board.Tag, value V) {
	if m[id] == nil {
		m[id] = map[board.Tag]V{}
	}
	m[id][tag] = value
}

// eachMark runs a query for one row more than most, so that more are noticed.
func eachMark(ctx context.Context, q querier, query string, ids []board.PostID, most int, found func(board.PostID, board.Tag, board.Vote)) error {
	joined := make([]byte, 0, 16*len(ids))
	for _, id := range ids {
		joined = append(joined, id[:]...)
	}
	return each(ctx, q, func(scan scanner) error {
		var id, tag []byte
		var vote board.Vote
		if err := scan(&id, &tag, &vote); err != nil {
			return err
		}
		found(board.PostID(id), board.Tag(tag), vote)
		return nil
	}, query, joined, most+1)
}
