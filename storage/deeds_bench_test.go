package storage

import (
	"fmt"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// BenchmarkDeeds does what people do to posts that are there, with few and with many
// alive: none of it may cost more with many.
func BenchmarkDeeds(b *testing.B) {
	for _, posts := range []int{1_000, 20_000} {
		n := newNode(b)
		fill(b, n, posts)
		at := n.post(b, words500, time.Hour)
		once := n.post(b, words500, time.Hour)
		if _, err := n.writer.ExecContext(b.Context(), "UPDATE posts SET view_once = 1 WHERE id = $1", once.ID[:]); err != nil {
			b.Fatal(err)
		}
		for _, deed := range []struct {
			name string
			do   func(v board.Visitor) error
		}{
			{"vote", func(v board.Visitor) error {
				_, err := n.Vote(b.Context(), storagetest.Ballot(at, v, board.Heart), n.now)
				return err
			}},
			{"open", func(v board.Visitor) error {
				_, _, err := n.Open(b.Context(), once.ID, once.Secret.Vote(v, once.ID), n.now)
				return err
			}},
			{"thread", func(board.Visitor) error {
				n.changed()
				_, _, err := n.Thread(b.Context(), at.ID, n.now)
				return err
			}},
		} {
			b.Run(fmt.Sprintf("%s/posts=%d", deed.name, posts), func(b *testing.B) {
				b.ReportAllocs()
				defer reportCPU(b)()
				for b.Loop() {
					if err := deed.do(board.NewVisitor(n.now)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
