// Package boardtest has what tests of several rooms read. Tests alone use it.
package boardtest

import (
	"embed"
	"io/fs"
	"path"
	"strings"
	"testing"
)

//go:embed writing/*.txt
var files embed.FS

// Writing gives texts as people write them, by what they are, and one as long as a board
// may allow.
func Writing(t testing.TB) map[string]string {
	t.Helper()
	names, err := fs.Glob(files, "writing/*.txt")
	if err != nil || len(names) == 0 {
		t.Fatal("no texts", err)
	}
	texts := map[string]string{}
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[strings.TrimSuffix(path.Base(name), ".txt")] = string(text)
	}
	return texts
}
