package views

import (
	"time"

	"github.com/a-h/templ"

	"mayfly/board"
	"mayfly/words"
)

// Article is all that the article of a post is drawn from for nobody in particular: two
// that are equal look the same.
type Article struct {
	words    *words.Printer
	post     board.Post // without what it points at
	pictured bool
	picture  board.Picture
	settings articleSettings
	now      time.Time // in steps of its life
}

// articleSettings are those that an article shows something of.
type articleSettings struct {
	vanish      int
	heart, down time.Duration
	pictures    board.Pictures
	cautious    bool
}

// NewArticle is the article of a post.
func NewArticle(v Visit, post board.Post) Article {
	s := v.Settings
	a := Article{
		words: v.Words, post: post, now: v.Now.Truncate(step(post.Life)),
		settings: articleSettings{s.VanishScore, s.LifePerHeart, s.LifePerDown, s.Pictures, s.Cautious},
	}
	if post.Picture != nil {
		a.pictured, a.picture = true, *post.Picture
		a.picture.Full, a.picture.Thumb = nil, nil
	}
	a.post.Picture, a.post.Asks = nil, nil
	return a
}

// Draw draws it up from nothing else.
func (a Article) Draw() templ.Component {
	post, s := a.post, a.settings
	if a.pictured {
		post.Picture = &a.picture
	}
	return PostArticle(NewPost(a.words, post, board.Settings{
		VanishScore: s.vanish, LifePerHeart: s.heart, LifePerDown: s.down, Pictures: s.pictures, Cautious: s.cautious,
	}, a.now))
}

// Left is what is left of the post's life, and up to a step more.
func (a Article) Left() time.Duration { return a.post.Life.Left(a.now) }

// step is how finely pages tell what is left of a life: within one all are drawn alike.
func step(l board.Life) time.Duration {
	if l.Grid >= time.Minute {
		return time.Second / 2
	}
	return time.Second / 10
}

// articles are posts as one visitor sees them, or as nobody in particular does.
func articles(v Visit, posts []board.Post, votes map[board.PostID]board.Vote) []templ.Component {
	out := make([]templ.Component, len(posts))
	if v.Drawn != nil {
		for i, post := range posts {
			out[i] = v.Drawn(NewArticle(v, post))
		}
		return out
	}
	for i, post := range NewPosts(v, posts, votes) {
		out[i] = PostArticle(post)
	}
	return out
}
