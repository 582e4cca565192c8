package main

import (
	"fmt"
	"sync"
	"time"
)

// tally counts who has heard what: every message is to reach every reader once.
type tally struct {
	mu       sync.Mutex
	readers  int
	first    int // number of the first message
	messages []*message
	heard    int             // deliveries
	refused  int             // messages
	doubled  int             // deliveries of what that reader had heard before
	unknown  int             // deliveries of what was never sent here
	times    []time.Duration // how long each delivery took, if timed
	timed    bool
}

// message is one that is under way to all readers.
type message struct {
	began time.Time
	heard []uint64 // a bit a reader
	left  int      // readers who have not
	void  bool     // it was refused, so nobody is to hear it
	all   chan struct{}
}

// newTally counts messages from the given number on.
func newTally(readers, first int, timed bool) *tally {
	return &tally{readers: readers, first: first, timed: timed}
}

// expect gives the number of the next message, which begins its way at the time given,
// and what is closed once all have heard it.
func (t *tally) expect(began time.Time) (number int, all <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := &message{began: began, heard: make([]uint64, (t.readers+63)/64), left: t.readers, all: make(chan struct{})}
	if m.left == 0 {
		close(m.all)
	}
	t.messages = append(t.messages, m)
	return t.first + len(t.messages) - 1, m.all
}

// hear takes down that a reader has heard a message.
func (t *tally) hear(reader, number int, at time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := number - t.first
	if i < 0 || i >= len(t.messages) || reader < 0 || reader >= t.readers {
		t.unknown++
		return
	}
	m := t.messages[i]
	word, bit := reader/64, uint64(1)<<(reader%64)
	if m.heard[word]&bit != 0 {
		t.doubled++
		return
	}
	m.heard[word] |= bit
	if m.void {
		t.unknown++
		return
	}
	m.left--
	t.heard++
	if t.timed {
		t.times = append(t.times, at.Sub(m.began))
	}
	if m.left == 0 {
		close(m.all)
	}
}

// refuse takes back a message that was not taken: whoever hears it all the same hears
// what is of no message.
func (t *tally) refuse(number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.messages[number-t.first]
	t.refused++
	t.unknown += t.readers - m.left
	m.void, m.left = true, 0
	close(m.all)
}

// count is what has become of all that was sent.
type count struct{ sent, refused, heard, lost, doubled, unknown int }

func (t *tally) count() count {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := count{sent: len(t.messages), refused: t.refused, heard: t.heard, doubled: t.doubled, unknown: t.unknown}
	for _, m := range t.messages {
		c.lost += m.left
	}
	return c
}

// wrong says what was lost or doubled; nil: nothing.
func (c count) wrong() error {
	if c.lost == 0 && c.doubled == 0 && c.unknown == 0 {
		return nil
	}
	return fmt.Errorf("of %d messages %d deliveries were lost, %d came twice, %d were of no message", c.sent, c.lost, c.doubled, c.unknown)
}

// wait waits until everybody has heard everything, at most so long after the last
// delivery.
func (t *tally) wait(patience time.Duration) count {
	before, since := t.count(), time.Now()
	for before.lost > 0 && time.Since(since) < patience {
		time.Sleep(5 * time.Millisecond)
		if now := t.count(); now.heard != before.heard {
			before, since = now, time.Now()
		}
	}
	return t.count()
}
