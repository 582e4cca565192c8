package views

import (
	"strconv"

	"mayfly/board"
	"mayfly/static"
)

// ChatPage is the frame of the chats under a post, or of all that a browser holds. It is
// the same for every post, and for none: js/chat-page.js fills it with what it opens.
type ChatPage struct {
	Page
	Post    string // its id; "": all of this browser
	Reasons []Pick
	Module  static.Script // what encrypts
}

// NewChatPage draws the frame up.
func NewChatPage(v Visit, post string) ChatPage {
	p := v.Words
	out := ChatPage{Page: v.page("chat", p.Say("chat.title")), Post: post}
	out.Entry, out.Script, out.Style = "chats", "js/chat-page.js", "css/chat.css"
	out.Proven = "js/circle.js"
	out.Module, out.Proof = static.Integrity(out.Proven)
	if post != "" {
		out.Back, out.BarTitle, out.BarSub = "/p/"+post, p.Say("chat.title"), p.Say("chat.bar")
	}
	for _, r := range board.Reasons {
		out.Reasons = append(out.Reasons, Pick{string(r), ReasonText(p, r), r == board.Harassment})
	}
	return out
}

// AdminChats is what admins see of chats: how many, and words that a side reported.
type AdminChats struct {
	Host
	Count   string
	Reports []AdminChatReport
}

// AdminChatReport is what a side showed of a message.
type AdminChatReport struct{ Chat, Post, Words, Reason, From, Says string }

// NewAdminChats draws them up.
func NewAdminChats(d Desk, n board.ChatTotals, reports []board.ChatReport, done string) AdminChats {
	p := d.Words
	out := AdminChats{Host: d.host("/admin/chats", p.Say("chat.admin.rest"), done)}
	out.Count = p.Say("chat.admin.count", "chats", strconv.Itoa(n.Chats), "posts", strconv.Itoa(n.Posts))
	from := map[board.ChatSide]string{board.AskerSide: p.Say("chat.admin.from_asker"), board.AuthorSide: p.Say("chat.admin.from_author")}
	for _, r := range reports {
		out.Reports = append(out.Reports, AdminChatReport{
			Chat: r.Chat.String(), Post: "/p/" + r.Post.String(), Words: r.Words, Reason: ReasonText(p, r.Reason), From: from[r.From],
			Says: p.Say("chat.admin.report", "life", r.Left),
		})
	}
	return out
}
