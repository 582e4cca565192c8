package views

import (
	"mayfly/board"
)

// NewThread draws up a post with its replies.
func NewThread(v Visit, t Talk) Thread {
	p := v.Words
	post := NewPosts(v, []board.Post{t.Post}, t.Votes)[0]
	heading := p.Say("thread.heading", "name", post.By.Text)
	if post.Prompt != "" {
		heading = post.Prompt
	}
	out := Thread{
		Page:    v.page("thread", heading),
		Aside:   v.aside(),
		Heading: heading,
		Post:    post.Whole(),
		Replies: NewReplies(v, t.Post, t.Replies, t.Votes),
		Link:    passedOn(t.URL, t.Post),
		Hidden:  t.Post.Unlisted,
		Locked:  t.Post.Locked,
		Closing: NewClosing(p, v.Board, v.Now),
		Chat:    "/m/" + t.Post.ID.String(),
		Remove:  "/p/" + t.Post.ID.String() + "/delete",
	}
	out.Script = "js/thread.js"
	out.Preview, out.Share = newPreview(v, t.Post, t.URL), out.Post.path("qr")
	out.Live = liveThread(t.Post.ID, t.At)
	out.growsOld(v.Path)
	out.Back, out.BarTitle, out.BarSub = out.Home, p.Say("thread.title"), out.Post.ReplyLabel
	as := speaker(v.Visitor, t)
	if as != nil {
		name := NewName(p, *as)
		out.You = &name
	}
	out.Form = NewReplyForm(v, t, as)
	if t.Post.Asks != nil && v.Settings.Chats && t.Post.InSight() {
		out.Asks = p.Say("chat.ask")
		if out.Post.Mine {
			out.Asks = p.Say("chat.list")
		}
	}
	if out.Post.Mine {
		out.Key, out.Came = t.Post.Own.String(), came(v, t.Post)
	}
	return out
}

// speaker is who a visitor is in a thread, nil if they have not spoken in it, or
// nothing they said is left.
func speaker(v board.Visitor, t Talk) *board.Name {
	if v.IsZero() {
		return nil
	}
	if t.Post.OwnedBy(v) {
		return &t.Post.Name
	}
	for i := range t.Replies {
		if t.Replies[i].OwnedBy(v) {
			return &t.Replies[i].Name
		}
	}
	return nil
}
