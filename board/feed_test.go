package board

import "testing"

func TestQueryIsBounded(t *testing.T) {
	for _, tt := range []struct {
		name string
		ask  Query
		want Query
	}{
		{"nothing said", Query{Board: Home}, Query{Board: Home, Sort: ByBirth, Limit: PageSize}},
		{"less than nothing", Query{Limit: -3}, Query{Sort: ByBirth, Limit: PageSize}},
		{"one", Query{Sort: ByFading, Limit: 1}, Query{Sort: ByFading, Limit: 1}},
		{"the most", Query{Limit: PageMax}, Query{Sort: ByBirth, Limit: PageMax}},
		{"too many", Query{Limit: PageMax + 1}, Query{Sort: ByBirth, Limit: PageMax}},
	} {
		if got := tt.ask.bounded(); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

func TestParseSortKnowsTheOrdersThereAre(t *testing.T) {
	for word, want := range map[string]Sort{"": ByBirth, "new": ByBirth, "fading": ByFading} {
		if got, err := ParseSort(word); err != nil || got != want {
			t.Errorf("ParseSort(%q) = %q, %v; want %q", word, got, err, want)
		}
	}
	if _, err := ParseSort("New"); kindOf(err) != Invalid || problem(err, "sort") != "error.sort" {
		t.Errorf("an unknown order gives %v, want a refusal that names the field", err)
	}
}

func TestCursorHoldsTheEndOnlyWhereTheOrderNeedsIt(t *testing.T) {
	last := Post{Seq: 7, Life: Life{EndsAt: noon}}
	if got, want := (Query{Sort: ByBirth}).after(last), (Cursor{Seq: 7}); got != want {
		t.Errorf("by birth: %+v, want %+v", got, want)
	}
	if got, want := (Query{Sort: ByFading}).after(last), (Cursor{Seq: 7, Key: noon.UnixMilli()}); got != want {
		t.Errorf("by fading: %+v, want %+v", got, want)
	}
}
