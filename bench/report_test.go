package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestARowUnderHoldHasItsParagraph(t *testing.T) {
	r := results{}
	r.note("feed", 0, 0.4) // under
	r.note("feed", 0, 0.6)
	r.note("feed", 0, 0.41)
	r.note("cookie", 0, 0.3) // at its aim
	r.note("growth", 0, 3)   // under, with two parts
	r.note("growth", 1, 3)
	var text bytes.Buffer
	writePaper(&text, r, machine{"2026-01-02", "v1", "a box"}, reasons("Of no row.\n\n## feed\nIt is held up.\nTwice.\n\n## cookie\nNot shown.\n"))
	got := text.String()
	for _, want := range []string{
		"2026-01-02, Mayfly v1, a box.",
		"| feed page without a cookie, per CPU-second | 0.41 × raw | ≥ 0.50 × raw | ≥ 0.70 × raw | UNDER | 0.40 0.60 0.41 |",
		"**Feed page without a cookie, per CPU-second.** It is held up.\nTwice.\n",
		"**Growth at 1,000,000 living posts against 1,000.** Nobody has looked into it yet.\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the paper lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "Not shown") || strings.Count(got, "Nobody has looked") != 1 {
		t.Errorf("the paper says too much:\n%s", got)
	}
}

func TestEveryParagraphIsOfARow(t *testing.T) {
	for key := range reasons(why) {
		if rowOf(key) == nil {
			t.Errorf("why.md has a paragraph on %q, which is no row", key)
		}
	}
}

func TestEveryRowIsMeasuredBySomeScene(t *testing.T) {
	measured := map[string]bool{}
	for _, s := range scenes {
		for _, key := range s.rows {
			measured[key] = true
		}
	}
	for _, r := range table {
		if !measured[r.key] {
			t.Errorf("nothing measures %q", r.key)
		}
	}
}

func TestErrorsOfABusyServerAreNoFault(t *testing.T) {
	busy := `level=ERROR msg="a request failed" err="error.busy: read feed"` + "\n"
	if got := wrongIn("level=INFO msg=x\n" + busy); got != "" {
		t.Errorf("wrong: %s", got)
	}
	if got := wrongIn(busy + "level=ERROR msg=damaged\n"); got != "level=ERROR msg=damaged" {
		t.Errorf("wrong = %q, want the damage", got)
	}
}
