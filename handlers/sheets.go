package handlers

import (
	"bytes"
	"context"
	"maps"
	"net/http"
	"sync"
	"time"

	"mayfly/board"
	"mayfly/views"
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
	room    int // what the last one took to draw
}

func newSheets() *sheets {
	return &sheets{drawn: map[sheetKey]*sheet{}, drawing: map[sheetKey]*sheet{}}
}

// moment is how far the board has come: Board.Turns, and Board.Changes where a page is to
// show each.
type moment struct{ turns, changes uint64 }

// sharedTries is how often a page is waited for or drawn anew because what was drawn has
// just become wrong, or was begun before who waits asked. Then each reader is given their own.
const sharedTries = 3

// page returns the page behind k with all that had changed when it is called. What draw
// finds not to be shared is for the caller who draws it; nil: the caller draws one of their own.
func (c *sheets) page(ctx context.Context, k sheetKey, now board.Clock, at func() moment, draw func(*sheet)) *sheet {
	asked := at().changes
	for range sharedTries {
		sh, mine := c.take(k, now(), asked, at())
		if mine {
			c.draw(sh, now, draw)
		}
		select {
		case <-sh.ready:
		case <-ctx.Done():
			return nil
		}
		switch {
		case sh.changes >= asked && sh.rightAt(now(), at().turns), mine && sh.until.IsZero():
			return sh
		case sh.until.IsZero():
			return nil
		}
	}
	return nil
}

func (c *sheets) draw(sh *sheet, now board.Clock, draw func(*sheet)) {
	defer close(sh.ready)
	defer func() { c.put(sh, now()) }()
	draw(sh)
}

// take returns the page behind k that is right at now and shows what had changed by asked, or
// the one that is just being drawn: while there is much to show, who asks later waits for it,
// and shares the next with all that came meanwhile. mine: there is none, and the caller is to
// draw it and put it.
func (c *sheets) take(k sheetKey, now time.Time, asked uint64, at moment) (sh *sheet, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count++
	if at.turns > c.turns {
		c.turns, c.bytes = at.turns, 0
		clear(c.drawn)
		clear(c.drawing)
	}
	if sh := c.drawn[k]; sh != nil && sh.changes >= asked && sh.rightAt(now, at.turns) {
		sh.served = c.count
		return sh, false
	}
	if sh := c.drawing[k]; sh != nil && sh.turns == at.turns {
		return sh, false
	}
	sh = newSheet(k, at, now)
	sh.room = c.room
	sh.served = c.count
	if at.turns == c.turns {
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
	c.room = sh.room
	left := sh.until.Sub(now)
	if sh.turns != c.turns || left <= 0 || sh.size() > sheetBytes/4 {
		return
	}
	c.drop(c.drawn[sh.key])
	c.drawn[sh.key] = sh
	c.bytes += sh.size()
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
		c.bytes -= sh.size()
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

// sheet is a page as it is sent, and the http.ResponseWriter that it is drawn on.
type sheet struct {
	key    sheetKey
	ready  chan struct{} // closed once it is drawn
	moment               // before it was
	until  time.Time     // from when on it is wrong; zero: it is not to be shared

	header http.Header
	status int
	body   bytes.Buffer
	served uint64 // the count of sheets at its last serving

	reader   board.Visitor // whom it is drawn for: nobody, or somebody who comes for the first time
	visit    views.Visit   // what it was drawn from
	posts    []board.Post  // what is on it, in its order
	articles []*article    // and as it was drawn
	scratch  bytes.Buffer  // on which each was
	room     int           // enough for all of it before it is compressed, as far as is known

	marks func() (board.Marks, error) // of all visitors
	cut   func() *cut                 // the page in pieces, made when the first asks
}

func newSheet(k sheetKey, at moment, now time.Time) *sheet {
	sh := &sheet{key: k, ready: make(chan struct{}), moment: at, header: http.Header{}}
	if k.known {
		sh.reader = board.NewVisitor(now)
		if !k.writes {
			sh.reader.Issued = time.Unix(0, 0).UTC()
		}
	}
	return sh
}

// Header is what its drawing sets.
func (sh *sheet) Header() http.Header { return sh.header }

// WriteHeader keeps the first status.
func (sh *sheet) WriteHeader(status int) {
	if sh.status == 0 {
		sh.status = status
	}
}

// Write keeps what is drawn.
func (sh *sheet) Write(b []byte) (int, error) {
	sh.WriteHeader(http.StatusOK)
	return sh.body.Write(b)
}

// size is about what it takes in memory: one with marks lies there compressed as well.
func (sh *sheet) size() int {
	if sh.key.known {
		return 2 * sh.body.Len()
	}
	return sh.body.Len()
}

func (sh *sheet) rightAt(now time.Time, turns uint64) bool {
	return sh.turns == turns && now.Before(sh.until)
}

func (sh *sheet) answer(w http.ResponseWriter) {
	maps.Copy(w.Header(), sh.header)
	w.WriteHeader(sh.status)
	_, _ = w.Write(sh.body.Bytes()) //nolint:gosec // as it was drawn; a reader that went away is no failure of ours
}
