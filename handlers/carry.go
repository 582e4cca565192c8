package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"mayfly/board"
	"mayfly/views"
)

// carried are the forms of admins whose fields wait at the door when the session ended
// while somebody typed. None of them has a secret; those that ask for the passphrase are
// not here.
var carried = []string{
	"/admin/settings", "/admin/keys", "/admin/queue/{id}", "/admin/raid/mode", "/admin/raid/undo",
	"/admin/words", "/admin/words/try", "/admin/words/heed", "/admin/boards", "/admin/boards/{board}",
	"/admin/notices/{number}", "/admin/prompts", "/admin/prompts/daily", "/admin/places", "/admin/backdrops", "/admin/texts",
}

// secrets are fields that no page carries, whatever form they come with.
var secrets = []string{"passphrase", "code", "seed", "token", "key", "old", "new"}

// carries says whether path is that of a carried form.
func carries(path string) bool {
	if path == "" || adminPath(path) != path {
		return false
	}
	return slices.ContainsFunc(carried, func(form string) bool {
		before, _, param := strings.Cut(form, "{")
		rest, is := strings.CutPrefix(path, before)
		return path == form || param && is && rest != "" && !strings.ContainsAny(rest, "/?")
	})
}

// sentUnsigned are the fields of a form that came after its session had ended; none: it
// is not one that is carried, or no page sent it.
func sentUnsigned(r *http.Request) *views.Carried {
	if r.Method != http.MethodPost || !carries(r.URL.Path) || !strings.Contains(r.Header.Get("Accept"), "text/html") || readForm(r) != nil {
		return nil
	}
	return carry(r.URL.Path, r.PostForm, "")
}

// carriedPrefix marks the fields of a carried form among those of the door's.
const carriedPrefix = "again."

// sentAgain are those fields, as the door's form brings them back.
func sentAgain(form url.Values) *views.Carried {
	path := form.Get("again")
	if !carries(path) {
		return nil
	}
	return carry(path, form, carriedPrefix)
}

func carry(path string, form url.Values, prefix string) *views.Carried {
	c := views.Carried{Action: path}
	for field, values := range form {
		name, is := strings.CutPrefix(field, prefix)
		if !is || slices.Contains(secrets, name) {
			continue
		}
		for _, value := range values {
			c.Fields = append(c.Fields, views.Hidden{Name: name, Value: value})
		}
	}
	if len(c.Fields) == 0 {
		return nil
	}
	slices.SortStableFunc(c.Fields, func(a, b views.Hidden) int { return strings.Compare(a.Name, b.Name) })
	return &c
}

// answerCut gives an admin what came of a form that broke off, in the field called last:
// that one to be finished, all to be sent again.
func (s *Server) answerCut(w http.ResponseWriter, r *http.Request, last string, slow error) error {
	r, cancel := outlasting(r)
	defer cancel()
	c := carry(r.URL.Path, r.PostForm, "")
	if c == nil {
		s.fail(w, r, slow)
		return nil
	}
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	ref := refusalOf(slow)
	return answerHTML(w, r, ref.status, views.CutPage(views.NewCut(v, backTo(r), *c, last, v.Words.Say(ref.code))))
}

// answerCarried gives an admin who has signed in again what they had sent: nothing of it
// is done before they say so.
func (s *Server) answerCarried(w http.ResponseWriter, r *http.Request, to string, c views.Carried) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.CarriedPage(views.NewReturned(v, to, c)))
}
