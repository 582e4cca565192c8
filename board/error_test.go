package board

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"
)

// kindOf is the kind of a refusal; 255 for no error or another.
func kindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return 255
}

// problem is the code of what is wrong with a field, "" when nothing is.
func problem(err error, field string) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Fields[field].Code
	}
	return ""
}

func TestErrorNamesCodeFieldsAndCauseForTheLog(t *testing.T) {
	for _, tt := range []struct {
		err  *Error
		want string
	}{
		{&Error{Code: "error.gone"}, "error.gone"},
		{&Error{Code: "error.disk", Err: fs.ErrPermission}, "error.disk: permission denied"},
		{
			&Error{Code: "error.draft", Fields: map[string]Problem{"ttl": {Code: "error.ttl"}, "body": {Code: "error.body.empty"}}},
			"error.draft (body error.body.empty, ttl error.ttl)",
		},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("Error() = %q, want %q", got, tt.want)
		}
	}
}

func TestErrorSaysNothingOfWhatWasSent(t *testing.T) {
	_, err := Draft{Body: "~marker~"}.Check(Settings{PostChars: 2})
	if got := fmt.Sprintf("%v", err); got != "error.draft (body error.body.long)" {
		t.Errorf("the log would read %q", got)
	}
}

func TestErrorUnwrapsToItsCause(t *testing.T) {
	err := fmt.Errorf("create post: %w", &Error{Kind: Full, Code: "error.full", Err: fs.ErrPermission})
	if !errors.Is(err, fs.ErrPermission) {
		t.Error("the cause is lost")
	}
	if got := kindOf(err); got != Full {
		t.Errorf("kind = %v, want Full", got)
	}
}
