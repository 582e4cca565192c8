package board

// TuningOf is the same settings on every board.
func TuningOf(all Settings) Tuning { return Tuning{all: all} }
