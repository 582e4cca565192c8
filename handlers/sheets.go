package handlers

import (
	"net/http"
	"sync"
	"time"
)

// The most that is kept of pages which are shared.
const (
	sheetsMax  = 64
	sheetBytes = 8 << 20
)

// sheets are the pages that are shared just now. They hold words in the clear, so none
// stays longer than it is right, whether anybody asks or not.
type sheets struct {
	mu      sync.Mutex
	turns   uint64 // of all that are there
	count   uint64 // how often one was taken
	bytes   int
	drawn   map[sheetKey]*sheet
	drawing map[sheetKey]*sheet
}

// take returns the page behind k that is right at now, or is just being drawn; mine: there
// is none, and the caller is to draw it and put it.
func (c *sheets) take(k sheetKey, now time.Time, turns uint64) (sh *sheet, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if turns > c.turns {
		c.turns, c.bytes, c.drawn, c.drawing = turns, 0, map[sheetKey]*sheet{}, map[sheetKey]*sheet{}
	}
	if sh := c.drawn[k]; sh != nil && sh.rightAt(now, turns) {
		sh.served = c.count
		return sh, false
	}
	if sh := c.drawing[k]; sh != nil && sh.turns == turns {
		return sh, false
	}
	sh = &sheet{key: k, ready: make(chan struct{}), turns: turns, served: c.count, header: http.Header{}}
	if turns == c.turns {
		c.drawing[k] = sh
	}
	return sh, true
}

// put keeps a page that was drawn for as long as it is right.
func (c *sheets) put(sh *sheet, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drawing[sh.key] == sh {
		delete(c.drawing, sh.key)
	}
	left := sh.until.Sub(now)
	if sh.turns != c.turns || left <= 0 || sh.body.Len() > sheetBytes/4 {
		return
	}
	c.drop(c.drawn[sh.key])
	c.drawn[sh.key] = sh
	c.bytes += sh.body.Len()
	time.AfterFunc(left, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.drop(sh)
	})
	for len(c.drawn) > sheetsMax || c.bytes > sheetBytes {
		c.drop(c.idlest())
	}
}

// drop lets go of sh if it is still there; c.mu is held.
func (c *sheets) drop(sh *sheet) {
	if sh != nil && c.drawn[sh.key] == sh {
		delete(c.drawn, sh.key)
		c.bytes -= sh.body.Len()
	}
}

// idlest is the page that was not asked for the longest; c.mu is held.
func (c *sheets) idlest() (idlest *sheet) {
	for _, sh := range c.drawn {
		if idlest == nil || sh.served < idlest.served {
			idlest = sh
		}
	}
	return idlest
}
