package main

import (
	"math"
	"testing"
	"time"
)

func TestMedianIsTheMiddleOne(t *testing.T) {
	for _, tt := range []struct {
		name string
		of   []float64
		want float64
	}{
		{"of one", []float64{3}, 3},
		{"of two, between them", []float64{1, 4}, 2.5},
		{"of three in no order", []float64{9, 1, 2}, 2},
		{"of four in no order", []float64{9, 1, 4, 2}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := median(tt.of); got != tt.want {
				t.Errorf("median(%v) = %v, want %v", tt.of, got, tt.want)
			}
		})
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

func TestPercentileIsWhatSoManyDoNotExceed(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[(i*37)%100] = time.Duration(i + 1) // 1 to 100, in no order
	}
	for _, tt := range []struct {
		name  string
		of    []time.Duration
		share float64
		want  time.Duration
	}{
		{"half of a hundred", hundred, 0.5, 50},
		{"99 of a hundred", hundred, 0.99, 99},
		{"all of a hundred", hundred, 1, 100},
		{"none of a hundred", hundred, 0, 1},
		{"99 of a hundred of ten: all ten", hundred[:1], 0.99, hundred[0]},
		{"of nothing", nil, 0.5, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := percentile(tt.of, tt.share); got != tt.want {
				t.Errorf("percentile = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestAFigureStandsWhereItsBoundsSay(t *testing.T) {
	for _, tt := range []struct {
		name string
		p    part
		v    float64
		want stand
	}{
		{"more is better: over the aim", atLeast("", "×", 0.9, 1.1), 1.1, atAim},
		{"over what is to be held", atLeast("", "×", 0.9, 1.1), 0.9, held},
		{"under it", atLeast("", "×", 0.9, 1.1), 0.89, under},
		{"less is better: at the aim", atMost("", "ms", 35, 10), 10, atAim},
		{"over the aim", atMost("", "ms", 35, 10), 10.1, held},
		{"over what is to be held", atMost("", "ms", 35, 10), 36, under},
		{"without an aim", atMost("", "ms", 100, none), 99, held},
		{"without a hold, and not at the aim", atLeast("", "×", none, 1.5), 1, held},
		{"with nothing to hold", atMost("", "ms", none, none), 1, free},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.stand(tt.v); got != tt.want {
				t.Errorf("%v stands at %q, want %q", tt.v, got, tt.want)
			}
		})
	}
}

func TestARowOrPartWithoutAFigureIsMissing(t *testing.T) {
	r := results{}
	r.note("fan1k", 0, 1)
	r.note("delivery", 1, 1)
	got := r.missing([]string{"fan1k", "delivery", "feed"})
	if want := []string{"delivery: 10,000 readers, 5 posts/s", "feed"}; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("missing %q, want %q", got, want)
	}
}
