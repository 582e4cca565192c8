package handlers

import (
	"bytes"
	"context"
	"io"
	"sync"
	"time"

	"github.com/a-h/templ"

	"mayfly/board"
	"mayfly/views"
)

// The most that is kept of articles.
const (
	articlesMax   = 2048
	articleBytes  = 4 << 20
	neighboursMax = 8 // before one of them
	headsMax      = 16
)

// articles are those that pages for nobody in particular were made of within the last
// second: of fifty posts on a page, a birth leaves forty-nine as they were. Each is found by
// all that it is drawn from, so that what is found is what would be drawn. They hold words in
// the clear, and are dropped as shared pages are: at the first page after an ending, and by a
// timer before the first of them ends.
type articles struct {
	mu    sync.Mutex
	turns uint64 // of all that are there
	bytes int
	timed bool // a timer will drop them
	drawn map[views.Article]*article
	heads map[string]*article // by what is drawn
}

func newArticles() *articles {
	return &articles{drawn: map[views.Article]*article{}, heads: map[string]*article{}}
}

// draw returns an article for a page that was begun at turns, drawn on a buffer if it must be.
func (c *articles) draw(ctx context.Context, from views.Article, turns uint64, on *bytes.Buffer) (*article, error) {
	if a := c.find(from, turns); a != nil {
		return a, nil
	}
	on.Reset()
	if err := renderTo(ctx, on, from.Draw()); err != nil {
		return nil, err
	}
	a := newArticle(bytes.Clone(on.Bytes()))
	c.keep(from, a, turns)
	return a, nil
}

func (c *articles) find(from views.Article, turns uint64) *article {
	c.mu.Lock()
	defer c.mu.Unlock()
	if turns > c.turns {
		c.turns = turns
		c.drop()
	}
	return c.drawn[from]
}

func (c *articles) keep(from views.Article, a *article, turns uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	size := articleRoom * len(a.plain)
	if turns != c.turns || from.Left() <= 2*board.SharedTime || len(c.drawn) == articlesMax || c.bytes+size > articleBytes {
		return
	}
	c.drawn[from] = a
	c.bytes += size
	c.dropSoon()
}

// head is what stands before the first article of a page that was begun at turns, and is the
// same on the next more often than not. It says no more of posts than which tags rise.
func (c *articles) head(plain []byte, turns uint64) *article {
	c.mu.Lock()
	defer c.mu.Unlock()
	if turns != c.turns {
		return newArticle(plain)
	}
	a := c.heads[string(plain)]
	if a == nil {
		a = newArticle(bytes.Clone(plain))
		if len(c.heads) == headsMax {
			clear(c.heads)
		}
		c.heads[string(plain)] = a
		c.dropSoon()
	}
	return a
}

// dropSoon sees to it that all goes within board.SharedTime; c.mu is held.
func (c *articles) dropSoon() {
	if c.timed {
		return
	}
	c.timed = true
	time.AfterFunc(board.SharedTime, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.timed = false
		c.drop()
	})
}

// drop lets go of all; c.mu is held.
func (c *articles) drop() {
	c.bytes = 0
	clear(c.drawn)
	clear(c.heads)
}

// on draws articles on a sheet, which can be cut at them once it is drawn.
func (c *articles) on(sh *sheet) func(views.Article) templ.Component {
	sh.cut = sync.OnceValue(func() *cut {
		return newCut(sh.body.Bytes(), sh.articles, func(plain []byte) *article { return c.head(plain, sh.turns) })
	})
	return func(from views.Article) templ.Component {
		return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
			a, err := c.draw(ctx, from, sh.turns, &sh.scratch)
			if err != nil {
				return err
			}
			sh.articles = append(sh.articles, a)
			_, err = w.Write(a.plain)
			return err
		})
	}
}

// article is one as it was drawn, and as it is sent: compressed for a reader who has just
// been sent another, and for one who has not.
type article struct {
	plain []byte
	alone func() []byte

	mu    sync.Mutex
	after map[*article][]byte
}

// articleRoom is how much an article takes at most, compressed in several ways, for each of
// its bytes.
const articleRoom = 2

func newArticle(plain []byte) *article {
	return &article{plain: plain, alone: sync.OnceValue(func() []byte { return packed(nil, plain) })}
}

// packedAfter is a, compressed with what it has in common with the one before.
func (a *article) packedAfter(before *article) []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	b, is := a.after[before]
	if !is {
		b = packed(before.plain, a.plain)
		if a.after == nil || len(a.after) == neighboursMax {
			a.after = map[*article][]byte{}
		}
		a.after[before] = b
	}
	return b
}
