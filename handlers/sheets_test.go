package handlers

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mayfly/board"
)

// draws has a page drawn that is right for a while.
func (c *sheets) draws(t *testing.T, path string, turns uint64, lasts time.Duration, size int) *sheet {
	t.Helper()
	sh, mine := c.take(sheetKey{path: path}, time.Now(), 0, moment{turns: turns})
	if !mine {
		t.Fatalf("%s is there", path)
	}
	sh.status, sh.until = http.StatusOK, time.Now().Add(lasts)
	sh.body.Write(make([]byte, size))
	c.put(sh, time.Now())
	close(sh.ready)
	return sh
}

func (c *sheets) has(path string, turns uint64) bool {
	_, mine := c.take(sheetKey{path: path}, time.Now(), 0, moment{turns: turns})
	return !mine
}

// kept is how many pages there are, and how many bytes of them.
func (c *sheets) kept() (pages, bytes int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.drawn), c.bytes
}

// TestNoSharedPageStaysLongerThanItIsRight whether anybody asks for it or not: it holds
// words in the clear.
func TestNoSharedPageStaysLongerThanItIsRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSheets()
		c.draws(t, "/", 1, board.SharedTime, 1)
		c.draws(t, "/ends", 1, 300*time.Millisecond, 1)
		c.draws(t, "/over", 1, 0, 1)
		if pages, _ := c.kept(); pages != 2 {
			t.Errorf("%d pages are kept, one of which is over", pages)
		}
		time.Sleep(300 * time.Millisecond)
		synctest.Wait()
		if pages, _ := c.kept(); pages != 1 || !c.has("/", 1) {
			t.Errorf("%d pages are kept when what was on one has ended", pages)
		}
		time.Sleep(board.SharedTime - 300*time.Millisecond)
		synctest.Wait()
		if pages, bytes := c.kept(); pages != 0 || bytes != 0 {
			t.Errorf("%d pages are kept after their second, %d bytes", pages, bytes)
		}
	})
}

func TestSharedPagesGoWithTheFirstWhoAsksAfterAnEnding(t *testing.T) {
	t.Parallel()
	c := newSheets()
	c.draws(t, "/", 1, time.Hour, 1)
	c.draws(t, "/b/attic", 1, time.Hour, 1)
	if !c.has("/", 1) || c.has("/", 2) || len(c.drawn) != 0 || c.bytes != 0 {
		t.Errorf("%d pages are left", len(c.drawn))
	}
	if c.has("/", 1) {
		t.Error("who looked before the ending is given a page of it")
	}
}

// TestAPageThatBecameWrongWhileItWasDrawnIsNotKept: an ending came between.
func TestAPageThatBecameWrongWhileItWasDrawnIsNotKept(t *testing.T) {
	c := newSheets()
	k := sheetKey{path: "/"}
	early, _ := c.take(k, time.Now(), 0, moment{turns: 1})
	late, mine := c.take(k, time.Now(), 0, moment{turns: 2})
	if !mine || late == early {
		t.Fatal("who asks after an ending waits for what was read before it")
	}
	for _, sh := range []*sheet{late, early} {
		sh.until = time.Now().Add(time.Hour)
		c.put(sh, time.Now())
	}
	if c.drawn[k] != late {
		t.Error("what was read before it is kept")
	}
}

// TestWhatBecameWrongWhileItWasDrawnIsDrawnAnew for who drew it and for who waited.
func TestWhatBecameWrongWhileItWasDrawnIsDrawnAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for what, ends := range map[string]func(turns *atomic.Uint64){
			"by an ending": func(turns *atomic.Uint64) { turns.Add(1) },
			"by time":      func(*atomic.Uint64) { time.Sleep(time.Minute) },
			"by nothing":   func(*atomic.Uint64) {},
		} {
			c := newSheets()
			var turns, drawings atomic.Uint64
			draw := func(sh *sheet) {
				nth := drawings.Add(1)
				sh.status, sh.until = http.StatusOK, time.Now().Add(board.SharedTime)
				time.Sleep(time.Millisecond) // so that the other comes
				if nth == 1 {
					ends(&turns)
				}
			}
			asks := func() *sheet {
				return c.page(t.Context(), sheetKey{path: "/"}, time.Now, func() moment { return moment{turns: turns.Load()} }, draw)
			}
			other := make(chan *sheet)
			go func() { other <- asks() }()
			for _, sh := range []*sheet{asks(), <-other} {
				if sh == nil || !sh.rightAt(time.Now(), turns.Load()) {
					t.Errorf("%s: what was drawn before is served", what)
				}
			}
			if got, want := drawings.Load(), map[bool]uint64{true: 1, false: 2}[what == "by nothing"]; got != want {
				t.Errorf("%s: drawn %d times, want %d", what, got, want)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestWhoAsksWhileMuchChangesSharesADrawing that began after they asked: the one which is
// under way when a birth comes is for those who asked before it, and all who ask until it is
// over share the next.
func TestWhoAsksWhileMuchChangesSharesADrawing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSheets()
		var changes, drawings atomic.Uint64
		at := func() moment { return moment{1, changes.Load()} }
		draw := func(sh *sheet) {
			drawings.Add(1)
			sh.status, sh.until = http.StatusOK, time.Now().Add(board.SharedTime)
			for range 10 {
				time.Sleep(time.Millisecond)
				changes.Add(1)
			}
		}
		var readers sync.WaitGroup
		for range 20 { // two each millisecond, one of them before its change
			for range 2 {
				readers.Go(func() {
					asked := changes.Load()
					if sh := c.page(t.Context(), sheetKey{path: "/"}, time.Now, at, draw); sh == nil || sh.changes < asked {
						t.Error("who asked is not given what there was")
					}
				})
				time.Sleep(time.Millisecond / 2)
			}
		}
		readers.Wait()
		if n := drawings.Load(); n > 4 {
			t.Errorf("drawn %d times for those who came in twice the time of a drawing; want 4 at most", n)
		}
	})
}

func TestWhoLeavesHoldsNobodyUp(t *testing.T) {
	c := newSheets()
	ctx, leave := context.WithCancel(t.Context())
	at := func() moment { return moment{turns: 1} }
	sh := c.page(ctx, sheetKey{path: "/"}, time.Now, at, func(sh *sheet) {
		leave()
		if c.page(ctx, sheetKey{path: "/"}, time.Now, at, nil) != nil {
			t.Error("who left is given a page")
		}
		sh.until = time.Now().Add(time.Hour)
	})
	if _, mine := c.take(sheetKey{path: "/"}, time.Now(), 0, at()); mine || sh == nil && ctx.Err() == nil {
		t.Error("what was drawn for who left is not there for others")
	}
}

func TestWhatIsKeptOfSharedPagesIsBounded(t *testing.T) {
	t.Parallel()
	c := newSheets()
	for i := range 3 * sheetsMax {
		c.draws(t, "/?n="+strconv.Itoa(i), 1, time.Hour, 10)
		if !c.has("/?n=0", 1) {
			t.Fatal("the page that everybody asks for makes room for those that one does")
		}
	}
	if len(c.drawn) != sheetsMax || c.bytes != 10*sheetsMax {
		t.Errorf("%d pages, %d bytes", len(c.drawn), c.bytes)
	}
	c.draws(t, "/huge", 1, time.Hour, sheetBytes)
	for i := range 10 {
		c.draws(t, "/large?n="+strconv.Itoa(i), 1, time.Hour, sheetBytes/4)
	}
	if c.bytes > sheetBytes || c.has("/huge", 1) {
		t.Errorf("%d bytes are kept, or a page that no feed has", c.bytes)
	}
}
