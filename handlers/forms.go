package handlers

import (
	"errors"
	"mime"
	"net/http"
	"strings"

	"mayfly/board"
	"mayfly/views"
)

// readForm reads a form's fields; what is no form of ours is refused.
func readForm(r *http.Request) error {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.ContentLength == 0 { // a form without fields
		t = formType
	}
	if t != formType {
		return errMedia
	}
	if err := r.ParseForm(); err != nil {
		return bodyError(err)
	}
	return nil
}

const formType = "application/x-www-form-urlencoded"

// bodyError is what was wrong with a body that could not be read.
func bodyError(err error) error {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	return errBadRequest
}

// draftFields are the words of a form or call, as they were sent.
type draftFields struct {
	Body      string `json:"body"`
	TTL       string `json:"ttl"`
	Silence   string `json:"silence"`
	Warning   string `json:"warning"`
	Backdrop  string `json:"backdrop"`
	Place     string `json:"place"` // its name or slug
	Unlisted  bool   `json:"unlisted"`
	ViewOnce  bool   `json:"view_once"`
	Readers   int    `json:"readers"`    // implies ViewOnce; 0: all
	ChatKey   string `json:"chat_key"`   // public, with which its author can be asked in private; "": not
	ChatToken string `json:"chat_token"` // the hash of what its author shows then
	Confirm   bool   `json:"confirm"`    // asked whether it gives somebody away, its author means it
}

func fieldsOf(g views.Given) draftFields {
	return draftFields{g.Body, g.TTL, g.Silence, g.Warning, g.Backdrop, g.Place, g.Unlisted, g.ViewOnce, g.Readers, g.ChatKey, g.ChatToken, g.Confirm}
}

// parse reads the times, which are such as "10m" or "7d"; "" is the board's choice.
func (f draftFields) parse() (board.Draft, error) {
	d := board.Draft{Body: f.Body, Warning: f.Warning, Backdrop: f.Backdrop, Place: f.Place, Unlisted: f.Unlisted, ViewOnce: f.ViewOnce, Readers: f.Readers, Confirm: f.Confirm}
	var err error
	if d.TTL, err = parseLife(f.TTL); err != nil {
		return d, invalid("ttl", "error.life")
	}
	if d.Silence, err = parseLife(f.Silence); err != nil {
		return d, invalid("silence", "error.life")
	}
	d.Asks, err = parseAsks(f.ChatKey, f.ChatToken)
	return d, err
}

// parseAnswered reads which reply a reply answers; "" is none.
func parseAnswered(text string) (board.PostID, error) {
	if text == "" {
		return board.PostID{}, nil
	}
	id, err := board.ParsePostID(text)
	if err != nil {
		return id, invalid("to", "error.to")
	}
	return id, nil
}

// invalid says what is wrong with one field; args are pairs of name and value.
func invalid(field, code string, args ...any) *board.Error {
	p := board.Problem{Code: code, Args: map[string]any{}}
	for i := 0; i+1 < len(args); i += 2 {
		p.Args[args[i].(string)] = args[i+1]
	}
	return &board.Error{Kind: board.Invalid, Code: "error.draft", Fields: map[string]board.Problem{field: p}}
}

// fromScript says whether htmx or app.js sent the form: it wants a fragment.
func fromScript(r *http.Request) bool { return r.Header.Get("HX-Request") == "true" }

// localPath is s when it is a path on this board, else the home page. What could
// be read as another host ("//host", "/\host") is none.
func localPath(s string) string {
	if !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n\t") {
		return "/"
	}
	return s
}
