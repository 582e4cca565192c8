package views

import (
	"strconv"

	"mayfly/board"
)

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
