package views

import (
	"bytes"
	"context"
	"testing"

	"mayfly/board"
	"mayfly/words"
)

// BenchmarkPost draws up and draws one post, as a feed does for each of its own.
func BenchmarkPost(b *testing.B) {
	say, s := words.In("it"), board.DefaultSettings()
	var buf bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		buf.Reset()
		if err := PostArticle(NewPost(say, aPost(), s, noon)).Render(context.Background(), &buf); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(buf.Len()))
}
