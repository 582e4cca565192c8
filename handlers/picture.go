package handlers

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"mayfly/board"
	"mayfly/limit"
)

// shownRoom is how many bytes of pictures are on their way to readers at a time;
// who finds no room waits for shownTime. Each part counts as a large one of its kind.
const (
	shownRoom = 32 << 20
	shownTime = 5 * time.Second
)

var partRoom = map[board.Part]int64{board.FullPart: 1 << 20, board.ThumbPart: 64 << 10}

// pictureCSP has a picture that is opened by itself load and run nothing.
const pictureCSP = "default-src 'none'; sandbox"

// picture answers with a part of a post's picture, of the type we encoded it in.
// Nothing about it tells when it was made, and no cache may keep it.
func (s *Server) picture(part board.Part) handler {
	return s.pictureOf(part, func(r *http.Request, id board.PostID) (board.Image, error) {
		return s.board.Picture(r.Context(), id, part, s.visitor(r))
	})
}

// pictureOf answers with what find finds.
func (s *Server) pictureOf(part board.Part, find func(r *http.Request, id board.PostID) (board.Image, error)) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := s.gate.Allow(limit.Image, "", s.caller(r, s.visitor(r))); err != nil {
			return err
		}
		id, err := board.ParsePostID(r.PathValue("id"))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), shownTime)
		defer cancel()
		if err := s.shown.Acquire(ctx, partRoom[part]); err != nil {
			return &board.Error{Kind: board.Busy, Code: "error.busy", Err: err}
		}
		defer s.shown.Release(partRoom[part])
		image, err := find(r, id)
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", image.Type)
		h.Set("Content-Length", strconv.Itoa(len(image.Bytes)))
		h.Set("Content-Disposition", "inline")
		h.Set("Content-Security-Policy", pictureCSP)
		_, _ = w.Write(image.Bytes) // a reader that went away is no failure of ours
		return nil
	}
}
