package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"mayfly/board"
	"mayfly/views"
)

// Sealer locks a file with a passphrase.
type Sealer interface {
	Seal(ctx context.Context, passphrase string, plain []byte) ([]byte, error)
}

// sealPage asks the owner why a copy of one living post is wanted; ?post= names it.
func (s *Server) sealPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerSeal(w, r, me, http.StatusOK, views.Sealing{Post: r.URL.Query().Get("post")})
}

func (s *Server) answerSeal(w http.ResponseWriter, r *http.Request, me board.Admin, status int, given views.Sealing) error {
	if !me.Owner {
		return board.ErrNotOwner
	}
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.SealCopyPage(views.NewSealCopy(d, given)))
}

// seal gives the owner a sealed copy. It is made in memory and kept nowhere.
func (s *Server) seal(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	file, name, err := s.sealed(r, me)
	if err != nil {
		if errors.Is(err, board.ErrNotOwner) {
			return err
		}
		refused, status, ours := s.adminRefusal(w, r, err)
		if ours != nil {
			return ours
		}
		if status == http.StatusNotFound {
			refused.All = s.printer(r).Say("queue.gone")
		}
		return s.answerSeal(w, r, me, status, views.Sealing{Post: r.PostForm.Get("post"), Reason: r.PostForm.Get("reason"), Refused: refused})
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Header().Set("Content-Length", strconv.Itoa(len(file)))
	_, _ = w.Write(file) //nolint:gosec // ciphertext, sent as a file; a reader that went away is no failure of ours
	return nil
}

func (s *Server) sealed(r *http.Request, me board.Admin) (file []byte, name string, err error) {
	form := r.PostForm
	if !me.Owner {
		return nil, "", board.ErrNotOwner
	}
	reason, err := board.CheckSeal(form.Get("reason"), form.Get("lock"))
	if err != nil {
		return nil, "", err
	}
	id, err := board.ParsePostID(idIn(form.Get("post")))
	if err != nil {
		return nil, "", err
	}
	err = s.again(r, me, func(ctx context.Context) error {
		return s.door.ConfirmOwner(ctx, me, form.Get("passphrase"), form.Get("code"))
	})
	if err != nil {
		return nil, "", err
	}
	c, err := s.board.Copied(r.Context(), me, id, reason)
	if err != nil {
		return nil, "", err
	}
	plain, err := json.MarshalIndent(s.drawCopy(r, c, reason), "", "  ")
	if err != nil {
		return nil, "", fmt.Errorf("seal: %w", err)
	}
	defer clear(plain)
	file, err = s.sealer.Seal(r.Context(), form.Get("lock"), plain)
	return file, "post-" + id.String()[:8] + ".sealed", err
}

// sealedCopy is what a sealed file holds. There is nothing else to hand over.
type sealedCopy struct {
	Format  string  `json:"format"`
	Reason  string  `json:"reason"`
	Sealed  string  `json:"sealed"` // when, by board time
	Ends    string  `json:"ends"`   // when it ends as things stand
	Post    apiPost `json:"post"`
	Type    string  `json:"picture_type,omitempty"`
	Picture []byte  `json:"picture_bytes,omitempty"`
}

func (s *Server) drawCopy(r *http.Request, c board.Copy, reason string) sealedCopy {
	now := s.board.Now()
	const when = "2006-01-02T15:04Z"
	return sealedCopy{
		Format: "mayfly sealed post 1", Reason: reason, Sealed: now.UTC().Format(when), Ends: c.Post.Life.EndsAt.UTC().Format(when),
		Post: drawAPIPost(c.Post, s.printer(r), s.settings(c.Post.Board), now), Type: c.Picture.Type, Picture: c.Picture.Bytes,
	}
}
