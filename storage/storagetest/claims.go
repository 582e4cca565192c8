package storagetest

import (
	"context"
	"errors"
	"sync/atomic"

	"mayfly/board"
)

// soManyNoticesAreTaken, and of those who send one at once no more.
func soManyNoticesAreTaken(s *site) {
	const most = 3
	var refused atomic.Int32
	s.atOnce(10, func(ctx context.Context, _ int) error {
		n := board.Claim{
			ID: board.NewReceipt().ID(), Kind: board.ClaimOther, State: board.ClaimWaits, Sent: s.now, EndsAt: s.now.Add(board.ClaimTime),
			Where: "the third line", Why: "it is wrong",
		}
		err := s.InsertClaim(ctx, n, board.NewKey(), most)
		if errors.Is(err, board.ErrClaims) {
			refused.Add(1)
			return nil
		}
		return err
	})
	waiting, err := s.ClaimsWaiting(s.Context(), s.now)
	if err != nil || waiting != most || refused.Load() != 10-most {
		s.Errorf("%d wait and %d were refused, want %d to be taken: %v", waiting, refused.Load(), most, err)
	}
}
