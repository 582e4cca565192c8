package views

import (
	"mayfly/board"
	"mayfly/words"
)

// Answer is what a reply shows of the reply it answers. Its words are drawn from
// that reply while it lives and are kept nowhere (docs/adr/0018).
type Answer struct {
	ID    string // "": it is gone
	By    Name
	Words string // how it begins
	Text  string // stands before its name, or says that it is gone
}

// answerLetters is how much is shown of the reply that another one answers.
const answerLetters = 60

// newAnswer draws up the reply to, or that it is gone, for which the zero post stands.
// What is hidden can't be read either.
func newAnswer(p *words.Printer, to board.Post) *Answer {
	if to.ID == (board.PostID{}) || to.Veiled {
		return &Answer{Text: p.Say("reply.to_gone")}
	}
	return &Answer{ID: to.ID.String(), By: NewName(p, to.Name), Words: excerpt(to.Body, answerLetters), Text: p.Say("reply.to")}
}

// Answering shows the reply that out answers; the zero post is one that is gone.
func (out Post) Answering(p *words.Printer, to board.Post) Post {
	if out.answers {
		out.To = newAnswer(p, to)
	}
	return out
}

// answeredAmong finds, for each of replies, the one among them that it answers; where there
// is none, the zero post.
func answeredAmong(replies []board.Post) func(i int) board.Post {
	at := make(map[board.PostID]int, len(replies))
	for i := range replies {
		at[replies[i].ID] = i
	}
	return func(i int) board.Post {
		if to, ok := at[replies[i].To]; ok {
			return replies[to]
		}
		return board.Post{}
	}
}

// answerHref is the thread's page with a form that answers one of its replies.
func answerHref(thread, reply string) string { return "/p/" + thread + "?to=" + reply + "#body" }
