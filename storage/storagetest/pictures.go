package storagetest

import (
	"bytes"
	"slices"
	"time"

	"mayfly/board"
)

// withPicture publishes a post with a picture; change may alter it before.
func (s *site) withPicture(life board.Life, change func(*board.Post)) board.Post {
	s.Helper()
	p, key := NewPost(s.visitor(), "words", life)
	p.Picture = NewPicture(300_000, 20_000)
	if change != nil {
		change(&p)
	}
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatal(err)
	}
	return p
}

// bare wants a post to have p's picture, without its images.
func (s *site) bare(what string, got board.Post, p board.Post) {
	s.Helper()
	want := *p.Picture
	want.Full, want.Thumb = nil, nil
	if got.Picture == nil || *got.Picture != want {
		s.Errorf("%s: picture %+v, want %+v", what, got.Picture, want)
	}
}

// picture reads a part that must be there.
func (s *site) picture(id board.PostID, part board.Part) board.Image {
	s.Helper()
	image, err := s.Picture(s.Context(), id, part, s.now)
	if err != nil {
		s.Fatalf("Picture (%s): %v", part, err)
	}
	return image
}

func (s *site) sameImage(what string, got board.Image, want *board.Image) {
	s.Helper()
	if got.Type != want.Type || !bytes.Equal(got.Bytes, want.Bytes) {
		s.Errorf("%s: %d bytes of %s, want the %d of %s", what, len(got.Bytes), got.Type, len(want.Bytes), want.Type)
	}
}

func aPictureIsReadBack(s *site) {
	p := s.withPicture(s.life(time.Hour), nil)
	silent := s.withPicture(s.life(time.Hour), func(p *board.Post) { p.Body, p.Picture.Alt = "", "" })
	plain := s.post("no picture", s.life(time.Hour))
	s.bare("Post", s.get(p.ID), p)
	s.bare("Post without words", s.get(silent.ID), silent)
	reply, root := s.reply(p, s.visitor(), "under it")
	s.bare("the root of a reply", root, p)
	s.bare("after a heart", s.vote(p, s.visitor(), board.Heart), p)
	thread, _, err := s.Thread(s.Context(), p.ID, s.now)
	if err != nil {
		s.Fatal(err)
	}
	s.bare("Thread", thread, p)
	for _, sort := range board.Sorts {
		posts, _ := s.feed(board.Query{Sort: sort})
		i := slices.IndexFunc(posts, func(q board.Post) bool { return q.ID == p.ID })
		if i < 0 {
			s.Fatalf("Feed (%s) does not show it", sort)
		}
		s.bare("Feed", posts[i], p)
	}
	s.sameImage("full", s.picture(p.ID, board.FullPart), p.Picture.Full)
	s.sameImage("thumb", s.picture(p.ID, board.ThumbPart), p.Picture.Thumb)
	s.sameImage("another's", s.picture(silent.ID, board.FullPart), silent.Picture.Full)

	for name, id := range map[string]board.PostID{"a post without one": plain.ID, "a reply": reply.ID} {
		_, err := s.Picture(s.Context(), id, board.FullPart, s.now)
		s.notFound("Picture of "+name, err)
	}
	_, err = s.Picture(s.Context(), p.ID, "another part", s.now)
	s.notFound("Picture, no such part", err)

	half, key := NewPost(s.visitor(), "half a picture", s.life(time.Hour))
	half.Picture = NewPicture(10, 10)
	half.Picture.Thumb = nil
	if _, err := s.InsertPost(s.Context(), half, key); err == nil {
		s.Error("a picture without its small one was taken")
	}
}

func aPictureEndsWithItsPost(s *site) {
	byTime := s.withPicture(s.life(2*time.Minute), nil)
	byHand := s.withPicture(s.life(time.Hour), nil)
	lasting := s.withPicture(s.life(time.Hour), func(p *board.Post) { p.Unlisted = true })
	s.look(byTime)
	s.look(byHand)
	s.end(board.ByAuthor, byHand.ID)
	s.isGone(byHand)
	s.now = byTime.Life.EndsAt.Add(-time.Millisecond)
	s.picture(byTime.ID, board.ThumbPart)
	s.now = byTime.Life.EndsAt
	s.isGone(byTime)
	s.sweep()
	s.isGone(byTime)
	s.isGone(byHand)
	s.sameImage("the unlisted one", s.picture(lasting.ID, board.FullPart), lasting.Picture.Full)
}

func aViewOncePictureIsOpened(s *site) {
	p := s.withPicture(s.life(time.Hour), func(p *board.Post) { p.ViewOnce, p.Readers = true, 2 })
	if got := s.get(p.ID); !got.Sealed || got.Picture != nil {
		s.Errorf("before it is opened it shows %+v", got.Picture)
	}
	for reader := range 2 {
		for _, part := range []board.Part{board.FullPart, board.ThumbPart} {
			_, err := s.Picture(s.Context(), p.ID, part, s.now)
			s.notFound("Picture of a view-once post", err)
		}
		got, ended, err := s.Open(s.Context(), p.ID, p.Secret.Opening(s.visitor(), p.ID), s.now)
		if err != nil || got.Picture == nil || got.Picture.Full == nil || len(ended) != reader {
			s.Fatalf("opening %d: picture %+v, ended %v, %v", reader, got.Picture, ended, err)
		}
		s.sameImage("what is opened", *got.Picture.Full, p.Picture.Full)
		if got.Picture.Alt != p.Picture.Alt || got.Body != p.Body {
			s.Errorf("opened %q, %q", got.Body, got.Picture.Alt)
		}
	}
	s.isGone(p)
}
