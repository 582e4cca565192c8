package board_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"mayfly/board"
)

// upload is a picture that counts how often it is pressed.
type upload struct {
	presses int
	err     error
}

func (u *upload) Press(context.Context) (board.Pressed, error) {
	u.presses++
	return board.Pressed{
		Full:   board.Image{Type: "image/jpeg", Width: 1600, Height: 900, Bytes: []byte("full")},
		Thumb:  board.Image{Type: "image/png", Width: 480, Height: 270, Bytes: []byte("thumb")},
		Colour: "#102030",
	}, u.err
}

func TestAPictureStandsBesideTheWordsOrInTheirPlace(t *testing.T) {
	s := newSite(t)
	for _, body := range []string{"words", ""} {
		var up upload
		p, _, err := s.Create(t.Context(), board.Home, s.visitor(), board.Draft{Body: body, Picture: &up, Alt: " a heron\n standing ", Backdrop: "pond"})
		if err != nil || up.presses != 1 {
			t.Fatalf("create: %v, pressed %d times", err, up.presses)
		}
		want := board.Picture{Alt: "a heron standing", Colour: "#102030", Width: 1600, Height: 900, ThumbWidth: 480, ThumbHeight: 270}
		stored, err := s.Post(t.Context(), p.ID, board.Visitor{})
		if err != nil || stored.Body != body || stored.Backdrop != "" {
			t.Errorf("stored %+v, %v; want %q on no backdrop", stored, err, body)
		}
		for what, got := range map[string]*board.Picture{"answered": p.Picture, "told": s.heard[len(s.heard)-1].Post.Picture, "stored": stored.Picture} {
			if got == nil || *got != want {
				t.Errorf("%s: %+v, want %+v", what, got, want)
			}
		}
		full, err := s.Picture(t.Context(), p.ID, board.FullPart, board.Visitor{})
		if err != nil || full.Type != "image/jpeg" || string(full.Bytes) != "full" {
			t.Errorf("full: %q of %s, %v", full.Bytes, full.Type, err)
		}
		thumb, err := s.Picture(t.Context(), p.ID, board.ThumbPart, board.Visitor{})
		if err != nil || thumb.Type != "image/png" || string(thumb.Bytes) != "thumb" {
			t.Errorf("thumb: %q of %s, %v", thumb.Bytes, thumb.Type, err)
		}
	}
}

// TestAPictureIsPressedLast: it is costly, so all else must be right.
func TestAPictureIsPressedLast(t *testing.T) {
	s := newSite(t)
	var up upload
	off, once := s.settings, s.settings
	off.Pictures, once.ViewOncePictures = board.PicturesOff, true
	for name, tt := range map[string]struct {
		settings board.Settings
		slug     string
		draft    board.Draft
		field    string
	}{
		"a ttl too short":           {s.settings, board.Home, board.Draft{TTL: 1}, "ttl"},
		"words too long":            {s.settings, board.Home, board.Draft{Body: strings.Repeat("x", 1001)}, "body"},
		"words that are no UTF-8":   {s.settings, board.Home, board.Draft{Body: "\xff"}, "body"},
		"alt too long":              {s.settings, board.Home, board.Draft{Alt: strings.Repeat("x", board.AltMax+1)}, "alt"},
		"alt that is no UTF-8":      {s.settings, board.Home, board.Draft{Alt: "\xff"}, "alt"},
		"no pictures here":          {off, board.Home, board.Draft{Body: "a"}, "picture"},
		"no view-once pictures":     {s.settings, board.Home, board.Draft{ViewOnce: true}, "picture"},
		"none for the first reader": {s.settings, board.Home, board.Draft{Readers: 1}, "picture"},
		"no such board":             {once, "nowhere", board.Draft{ViewOnce: true}, ""},
	} {
		s.settings = tt.settings
		tt.draft.Picture = &up
		_, _, err := s.Create(t.Context(), tt.slug, s.visitor(), tt.draft)
		e, ok := errors.AsType[*board.Error](err)
		if !ok || tt.field == "" && e != board.ErrNotFound || tt.field != "" && e.Fields[tt.field].Code == "" {
			t.Errorf("%s: %v, want field %q refused", name, err, tt.field)
		}
	}
	if up.presses > 0 {
		t.Errorf("a picture was pressed %d times for drafts that can't go out", up.presses)
	}
	bad := &board.Error{Kind: board.Unsupported, Code: "error.draft"}
	s.settings = once
	if _, _, err := s.Create(t.Context(), board.Home, s.visitor(), board.Draft{Picture: &upload{err: bad}}); !errors.Is(err, bad) {
		t.Errorf("a picture that can't be pressed: %v, want the refusal of it", err)
	}
	expect(t, "feed", s.feed(board.ByBirth), nil)
}

func TestAltWithoutAPictureIsDropped(t *testing.T) {
	d, err := board.Draft{Body: "a", Alt: strings.Repeat("x", 10_000)}.Check(board.DefaultSettings())
	if err != nil || d.Alt != "" {
		t.Errorf("alt %q, %v", d.Alt, err)
	}
	d, err = board.Draft{Picture: &upload{}, Alt: "\u200b", Body: "\u2800"}.Check(board.DefaultSettings())
	if err != nil || d.Alt != "" || d.Body != "" {
		t.Errorf("what can't be seen: alt %q, body %q, %v", d.Alt, d.Body, err)
	}
}

func TestAReplyCarriesNoPicture(t *testing.T) {
	s := newSite(t)
	var up upload
	r, _, err := s.Reply(t.Context(), s.post(s.visitor(), "root").ID, s.visitor(), board.Draft{Body: "re", Picture: &up})
	if err != nil || r.Picture != nil || up.presses > 0 {
		t.Errorf("reply with %+v, pressed %d times, %v", r.Picture, up.presses, err)
	}
}

func TestAViewOncePictureIsShownByItsOpeningAlone(t *testing.T) {
	s := newSite(t)
	s.settings.ViewOncePictures = true
	p := s.publish(s.visitor(), board.Draft{Picture: &upload{}, Alt: "a heron", Readers: 1, TTL: time.Hour})
	if told := s.heard[len(s.heard)-1].Post; p.Picture != nil || told.Picture != nil || !told.Sealed {
		t.Errorf("before it is opened %+v is shown, %+v told", p.Picture, told.Picture)
	}
	for _, part := range []board.Part{board.FullPart, board.ThumbPart} {
		if _, err := s.Picture(t.Context(), p.ID, part, board.Visitor{}); !isGone(err) {
			t.Errorf("its %s part: %v, want not found", part, err)
		}
	}
	opened, err := s.Open(t.Context(), p.ID, s.visitor())
	if err != nil || opened.Picture == nil || opened.Picture.Alt != "a heron" || string(opened.Picture.Full.Bytes) != "full" {
		t.Fatalf("opened %+v, %v", opened.Picture, err)
	}
	if _, err := s.Open(t.Context(), p.ID, s.visitor()); !isGone(err) {
		t.Errorf("after its last reader: %v", err)
	}
	for _, e := range s.heard {
		if e.Post.Picture != nil {
			t.Errorf("an event carries %+v", e.Post.Picture)
		}
	}
}

func TestPicturesGoWithForgetMeAndByKey(t *testing.T) {
	s := newSite(t)
	v := s.visitor()
	forgotten := s.publish(v, board.Draft{Picture: &upload{}})
	byKey, key, err := s.Create(t.Context(), board.Home, s.visitor(), board.Draft{Picture: &upload{}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Forget(t.Context(), v); err != nil {
		t.Fatal(err)
	}
	if err := s.EndWithKey(t.Context(), byKey.ID, key); err != nil {
		t.Fatal(err)
	}
	for _, p := range []board.Post{forgotten, byKey} {
		if _, err := s.Picture(t.Context(), p.ID, board.FullPart, board.Visitor{}); !isGone(err) {
			t.Errorf("its picture: %v, want not found", err)
		}
	}
}
