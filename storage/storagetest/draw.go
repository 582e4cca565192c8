package storagetest

import (
	"crypto/rand"
	"time"

	"mayfly/board"
)

// Start is when the clocks of tests begin.
var Start = time.Date(2030, time.May, 4, 12, 0, 0, 0, time.UTC)

// NewPost draws a post of visitor v as board.Create does, with its key.
func NewPost(v board.Visitor, body string, life board.Life) (board.Post, board.Key) {
	key, id := board.NewKey(), board.NewPostID()
	secret := key.Secret()
	voice := secret.Voice(v)
	return board.Post{
		ID: id, Board: board.Home, Thread: id, Body: body, Name: voice.Draws, Life: life,
		Own: secret.Own(v, id), Voice: voice.Tag, Secret: secret,
	}, key
}

// NewReply draws a reply of visitor v to root as board.Reply does, with its key
// and voice.
func NewReply(root board.Post, v board.Visitor, body string) (board.Post, board.Key, board.Voice) {
	id := board.NewPostID()
	return board.Post{
		ID: id, Thread: root.ID, Body: body, Own: root.Secret.Own(v, id), Secret: root.Secret,
	}, board.NewKey(), root.Secret.Voice(v)
}

// Ballot is v's vote on p, with hearts and downs worth ten minutes.
func Ballot(p board.Post, v board.Visitor, vote board.Vote) board.Ballot {
	return board.Ballot{Post: p.ID, Tag: p.Secret.Vote(v, p.ID), Vote: vote, Heart: 10 * time.Minute, Down: 10 * time.Minute}
}

// NewPicture draws a picture of full and thumb bytes, which are noise as those of
// an encoded one are.
func NewPicture(full, thumb int) *board.Picture {
	noise := func(n int) []byte {
		b := make([]byte, n)
		rand.Read(b)
		return b
	}
	return &board.Picture{
		Alt: "a heron, standing", Colour: "#7a8b99", Width: 1600, Height: 1200, ThumbWidth: 480, ThumbHeight: 360,
		Full:  &board.Image{Type: "image/jpeg", Width: 1600, Height: 1200, Bytes: noise(full)},
		Thumb: &board.Image{Type: "image/png", Width: 480, Height: 360, Bytes: noise(thumb)},
	}
}
