package handlers

import (
	"errors"
	"net/http"
	"strings"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/live"
	"mayfly/views"
)

// searchPage shows what a board holds of what was asked for.
func (s *Server) searchPage(w http.ResponseWriter, r *http.Request) error {
	q, err := s.feedQuery(r)
	if err != nil {
		return err
	}
	return s.answerFound(w, r, q)
}

// placePage shows what a board holds from one of the host's places.
func (s *Server) placePage(w http.ResponseWriter, r *http.Request) error {
	q, err := s.feedQuery(r)
	if err != nil {
		return err
	}
	return s.answerFound(w, r, q)
}

func (s *Server) answerFound(w http.ResponseWriter, r *http.Request, q board.Query) error {
	v, err := s.visit(w, r, q.Board)
	if err != nil {
		return err
	}
	list := views.Listing{Sort: q.Sort, Narrow: q.Narrow, At: s.hub.Counter(live.OfBoard(q.Board)), From: r.URL.Query().Get("cursor")}
	if q.Narrow == (board.Narrow{}) {
		return answerHTML(w, r, http.StatusOK, views.FoundPage(views.NewFound(v, list)))
	}
	reading := s.board.Reading() // before it is asked: what is read meanwhile may be missed
	posts, next, err := s.seek(r, q)
	if refused, is := errors.AsType[*board.Error](err); is && refused.Kind == board.Limited {
		ref := refusalOf(err)
		ref.headers(w.Header())
		return answerHTML(w, r, ref.status, views.FoundPage(views.NewFound(v, list).Refused(v, refused)))
	}
	if err != nil {
		return err
	}
	list.Reading = reading
	list.Posts, list.Next = posts, s.cursors.format(feedName(q), next)
	if list.Count, err = s.board.Matches(r.Context(), q); err != nil {
		return err
	}
	if list.Votes, err = s.marks(r, &v, posts); err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.FoundPage(views.NewFound(v, list)))
}

// seek returns a page of a feed; looking for words is metered.
func (s *Server) seek(r *http.Request, q board.Query) ([]board.Post, board.Cursor, error) {
	if q.Words != "" {
		if err := s.gate.Allow(limit.Search, q.Board, s.caller(r, s.visitor(r))); err != nil {
			return nil, board.Cursor{}, err
		}
	}
	return s.board.Feed(r.Context(), q)
}

// narrow reads what a feed is narrowed to. A place that the host has not named, or
// not any more, is not found.
func (s *Server) narrow(r *http.Request, slug string) (board.Narrow, error) {
	values := r.URL.Query()
	sought, _ := board.CleanText(strings.ToValidUTF8(values.Get("q"), "\uFFFD")) // they come back on the page
	n := board.Narrow{Words: sought}
	if tag := values.Get("tag"); tag != "" {
		var is bool
		if n.Tag, is = board.ParseTag(tag); !is {
			return n, invalid("tag", "error.tag", "max", board.TagMax)
		}
	}
	name := r.PathValue("place")
	if name == "" {
		name = values.Get("place")
	}
	if name == "" {
		return n, nil
	}
	settings := s.settings(slug)
	place, is := board.FindPlace(settings.PlaceList, name)
	if !is || !settings.Places {
		return n, errPlace
	}
	n.Place = place.Slug
	return n, nil
}
