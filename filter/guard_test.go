package filter_test

import (
	"testing"

	"mayfly/board"
)

// TestWithoutTheGuardNothingIsLookedFor that gives somebody away, nor do the host's own
// names ask; what else the host forbids is found as ever.
func TestWithoutTheGuardNothingIsLookedFor(t *testing.T) {
	s := screen(t, board.Filter{Text: "Mary Rossi", Action: board.Doubt}, board.Filter{Text: "spam", Action: board.Block})
	d := board.Draft{Body: "Mary Rossi, +39 02 1234 5678, mary\u200b@example.org: spam"}
	if v := s.Read(board.Home, d, true); len(v.Private) != 3 || v.Refused != "spam" {
		t.Errorf("with it: %+v", v)
	}
	if v := s.Read(board.Home, d, false); v.Private != nil || v.Refused != "spam" {
		t.Errorf("without it: %+v", v)
	}
	work := func(guard bool) float64 {
		return testing.AllocsPerRun(20, func() { s.Read(board.Home, d, guard) })
	}
	if on, off := work(true), work(false); off >= on {
		t.Errorf("without it as much is done (%.0f) as with it (%.0f)", off, on)
	}
}
