package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
)

// httpError is a refusal that HTTP itself asks for; the board knows none of them.
type httpError struct {
	status int
	code   string
	allow  string // for 405
}

func (e *httpError) Error() string { return e.code }

var (
	errInternal   = &httpError{status: http.StatusInternalServerError, code: "error.internal"}
	errHost       = &httpError{status: http.StatusMisdirectedRequest, code: "error.host"}
	errClear      = &httpError{status: http.StatusForbidden, code: "error.clear"}
	errOrigin     = &httpError{status: http.StatusForbidden, code: "error.origin"}
	errTooLarge   = &httpError{status: http.StatusRequestEntityTooLarge, code: "error.too_large"}
	errMedia      = &httpError{status: http.StatusUnsupportedMediaType, code: "error.media"}
	errBadRequest = &httpError{status: http.StatusBadRequest, code: "error.bad_request"}
	errPlace      = &httpError{status: http.StatusNotFound, code: "error.place_unknown"}
	errCursor     = &httpError{status: http.StatusBadRequest, code: "error.cursor"}
	errCut        = &httpError{status: http.StatusBadRequest, code: "error.picture.cut"}
	errSlowWords  = &httpError{status: http.StatusBadRequest, code: "error.slow_words"}
	errSlow       = &httpError{status: http.StatusBadRequest, code: "error.picture.slow"}
)

// refusal is an error as a visitor or program will see it.
type refusal struct {
	status int
	code   string
	args   map[string]any
	fields map[string]board.Problem
	wait   time.Duration // 0: none
	allow  string

	challenge *apiChallenge // nil: no proof would help
}

// statuses is the one place where a kind becomes a status.
var statuses = map[board.Kind]int{
	board.Internal: http.StatusInternalServerError,
	board.Invalid:  http.StatusUnprocessableEntity,
	board.NotFound: http.StatusNotFound,
	board.Spent:    http.StatusGone,
	board.Closed:   http.StatusGone,
	board.Shut:     http.StatusForbidden,
	board.Decided:  http.StatusConflict,
	board.Limited:  http.StatusTooManyRequests,
	board.Busy:     http.StatusServiceUnavailable,
	board.Full:     http.StatusInsufficientStorage,

	board.Shuttered: http.StatusServiceUnavailable,

	board.TooLarge:    http.StatusRequestEntityTooLarge,
	board.Unsupported: http.StatusUnsupportedMediaType,

	board.Outside:   http.StatusForbidden,
	board.Denied:    http.StatusUnauthorized,
	board.Forbidden: http.StatusForbidden,
	board.Overtaken: http.StatusConflict,
}

// busyWait is how long a board that is catching up asks to be left alone.
const busyWait = 2 * time.Second

func refusalOf(err error) refusal {
	if e, ok := errors.AsType[*httpError](err); ok {
		return refusal{status: e.status, code: e.code, allow: e.allow}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return refusal{status: errTooLarge.status, code: errTooLarge.code}
	}
	e, ok := errors.AsType[*board.Error](err)
	if !ok {
		return refusal{status: errInternal.status, code: errInternal.code}
	}
	r := refusal{status: statuses[e.Kind], code: e.Code, args: e.Args, fields: e.Fields}
	if e.Kind == board.Busy {
		r.wait = busyWait
	}
	if wait, ok := e.Args["wait"].(time.Duration); ok {
		r.wait = wait
	}
	r.challenge = challengeOf(err)
	return r
}

// fail answers with err: a page for people, a problem for programs. Only what is
// our own fault is logged.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // nobody is there to read it
	}
	ref := refusalOf(err)
	s.refusals.count(ref.status)
	if ref.ours() {
		s.logFailure(r, err)
	}
	if waits(r, err) {
		s.answerRoom(w, r, ref, err)
		return
	}
	ref.headers(w.Header())
	if slug, status, found := s.doorBefore(r, err); found {
		s.refuseAtDoor(w, r, slug, status)
		return
	}
	if isAPI(r) {
		if ref.status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		s.answerProblem(w, r, ref)
		return
	}
	s.answerProblemPage(w, r, ref)
}

func (s *Server) logFailure(r *http.Request, err error) {
	s.log.ErrorContext(r.Context(), "a request failed", "pattern", r.Pattern, "err", err)
}

// ours says whether it is our own fault: a board that is closed for now, or not open yet, is nobody's.
func (ref refusal) ours() bool {
	return ref.status >= http.StatusInternalServerError && ref.code != board.ErrShut.Code && ref.code != errUnfinished.code
}

func (ref refusal) headers(h http.Header) {
	if ref.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(ref.wait.Seconds()))))
	}
	if ref.allow != "" {
		h.Set("Allow", ref.allow)
	}
	if ref.challenge != nil {
		h.Set(challengeHeader, ref.challenge.String())
	}
}

func isAPI(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

// problem is RFC 9457's shape; Fields says what is wrong with which field.
type problem struct {
	Type   string            `json:"type"` // about:blank: the status says it all
	Title  string            `json:"title"`
	Status int               `json:"status"`
	Detail string            `json:"detail"`
	Code   string            `json:"code"` // the same in every language
	Fields map[string]string `json:"fields,omitempty"`

	Challenge *apiChallenge `json:"challenge,omitempty"`
}

func (s *Server) answerProblem(w http.ResponseWriter, r *http.Request, ref refusal) {
	p := s.printer(r)
	body := problem{
		Type: "about:blank", Title: http.StatusText(ref.status), Status: ref.status,
		Detail: p.SayWith(ref.code, ref.args), Code: ref.code,
		Challenge: ref.challenge,
	}
	if len(ref.fields) > 0 {
		body.Fields = make(map[string]string, len(ref.fields))
		for name, f := range ref.fields {
			body.Fields[name] = p.SayWith(f.Code, f.Args)
		}
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Content-Language", p.Lang())
	w.WriteHeader(ref.status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.log.DebugContext(r.Context(), "a reader went away", "err", err)
	}
}

// quiet passes on only that something happened: net/http's own lines hold peers'
// addresses.
type quiet struct{ slog.Handler }

// Handle drops the message of the record.
func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	return q.Handler.Handle(ctx, slog.NewRecord(r.Time, r.Level, "a connection failed", 0))
}
