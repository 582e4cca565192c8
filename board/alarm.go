package board

// Waiting is what has begun to wait for an admin.
type Waiting uint8

// What may wait.
const (
	Reported Waiting = iota + 1 // a reader's report
	HeldBack                    // a post or reply that only its author sees
	Claimed                     // a notice by law
)

// Alarm has f told, without what or where, whenever something begins to wait for an
// admin. f must not wait. Call it before anybody writes.
func (b *Board) Alarm(f func(Waiting)) { b.alarm = f }
