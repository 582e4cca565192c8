package handlers

import (
	"net/http"

	"mayfly/board"
	"mayfly/views"
)

// alikePage shows what is folded under a post.
func (s *Server) alikePage(w http.ResponseWriter, r *http.Request) error {
	posts, err := s.alike(r)
	if err != nil {
		return err
	}
	v, err := s.visit(w, r, posts[0].Board)
	if err != nil {
		return err
	}
	votes, err := s.marks(r, &v, posts)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.AlikePage(views.NewAlike(v, posts, votes)))
}

// apiAlike lists what says nearly the same as a post, and that post.
func (s *Server) apiAlike(w http.ResponseWriter, r *http.Request) error {
	posts, err := s.alike(r)
	if err != nil {
		return err
	}
	out, err := s.apiPosts(r, posts)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]any{"posts": out})
}

// alike are one post at least.
func (s *Server) alike(r *http.Request) ([]board.Post, error) {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	posts, err := s.board.Alike(r.Context(), id, s.visitor(r))
	if err == nil && len(posts) == 0 { // it has just ended
		err = board.ErrNotFound
	}
	return posts, err
}
