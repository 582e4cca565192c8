package board

import "time"

// SharedTime is how long a page that many share may stand for what has come since.
const SharedTime = time.Second

// Turns is another number after every change that must show at once: whatever was ended,
// hidden or decided, and the settings, doors and dates of boards. Births, replies and
// longer lives leave it as it is. Who draws a page to be shared asks before, and shares it
// until it is another, or SharedTime is over, or something on the page ends.
func (b *Board) Turns() uint64 { return b.posts.Turns() + b.turns.Load() }

// Changes is another number after every change, for a page that is to show each at once.
func (b *Board) Changes() uint64 { return b.posts.Changes() + b.turns.Load() }
