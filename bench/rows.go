package main

import (
	"fmt"
	"math"
	"strings"
)

// part is one figure of a row.
type part struct {
	name      string // "" where the row has one only
	unit      string
	hold, aim float64 // NaN: none
	most      bool    // the figure is to be at most that, not at least
}

// row is a line of the table of what is to be held.
type row struct {
	key, measure string
	parts        []part
}

var none = math.NaN()

func shown(name, unit string) part { return part{name, unit, none, none, true} }

func atLeast(name, unit string, hold, aim float64) part { return part{name, unit, hold, aim, false} }
func atMost(name, unit string, hold, aim float64) part  { return part{name, unit, hold, aim, true} }

// table is what is measured, in the order it is printed in.
var table = []row{
	{"fan10k", "fan-out to 10,000 readers, deliveries per server-CPU-second", []part{atLeast("", "× raw", 0.9, 1.1)}},
	{"fan1k", "the same to 1,000 readers", []part{atLeast("", "× raw", 0.9, 1.3)}},
	{"delivery", "delivery p99", []part{atMost("10,000 readers, 5 posts/s", "× raw", 1.25, 1), atMost("1,000 readers, 50 posts/s", "× raw", 1.25, 1)}},
	{"burst", "burst of 200 posts/s to 1,000 readers", []part{atMost("p99", "ms", 100, none), atLeast("deliveries per CPU-second", "× raw", none, 1.5)}},
	{"memory", "memory", []part{atMost("an idle reader", "kB", 22, 12), atMost("all of it with 10,000", "MiB", 300, 150)}},
	{"stalled", "5 % stalled readers at 400 posts/s", []part{atLeast("of them closed", "%", 100, 100), atMost("others' p99", "× without", 1.25, 1.1)}},
	{"feed", "feed page without a cookie, per CPU-second", []part{atLeast("", "× raw", 0.5, 0.7)}},
	{"feedposts", "the same while 50 posts/s arrive", []part{atLeast("", "× the line above", 0.5, 0.8)}},
	{"cookie", "feed page with a cookie", []part{atLeast("", "× raw", 0.1, 0.2)}},
	{"posts", "durable posts/s over HTTP, 64 connections", []part{atLeast("", "× raw", 0.5, 0.8)}},
	{"postp99", "post p99, 64 connections", []part{atMost("", "× raw", 2, 1.25)}},
	{"sweep", "sweep of 100,000 of 1,000,000", []part{
		atMost("read p99", "× idle", 4, 2), atMost("post p99", "ms", 35, 10), atLeast("speed", "k rows/s", 25, 80), atMost("journal", "MiB", 64, 32),
	}},
	{"growth", "growth at 1,000,000 living posts against 1,000", []part{
		atMost("feed", "×", 2, 1.2), atMost("post", "×", 2, 1.2), atMost("vote", "×", 2, 1.2), atMost("open", "×", 2, 1.2),
	}},
	{"start", "start", []part{atMost("memory after it", "MiB", 40, 25), atMost("until a page comes, with 100,000 living posts", "s", 2, 1)}},
	{"visit", "first visit on a phone: HTML, CSS, JS, font, compressed", []part{atMost("", "kB", 120, 80)}},
	{"host", "an ordinary host: one core, GOMEMLIMIT=200MiB, 200 readers, 20 pages, 20 hearts and 5 posts a second", []part{
		shown("page p50", "ms"), shown("page p99", "ms"), shown("post p50", "ms"), shown("post p99", "ms"), shown("heart p50", "ms"), shown("heart p99", "ms"),
		shown("delivery p50", "ms"), shown("delivery p99", "ms"), shown("memory", "MiB"),
	}},
	{"strain", "bad days", []part{
		shown("10,000 sockets at once, all open after", "s"), shown("a page asked for 1,000 times a second, p99", "ms"), shown("a disk whose syncs take 5 ms, post p99 of 64", "ms"),
	}},
}

func rowOf(key string) *row {
	for i := range table {
		if table[i].key == key {
			return &table[i]
		}
	}
	return nil
}

func keysOf(rows []row) string {
	var keys []string
	for _, r := range rows {
		keys = append(keys, r.key)
	}
	return strings.Join(keys, ", ")
}

// stand is where a figure stands.
type stand int

// From best to worst.
const (
	atAim stand = iota
	held
	under
	free // there is nothing to hold
)

func (s stand) String() string { return [...]string{"aim", "hold", "UNDER", "–"}[s] }

func (p part) stand(v float64) stand {
	meets := func(bound float64) bool {
		if p.most {
			return v <= bound
		}
		return v >= bound
	}
	switch {
	case math.IsNaN(p.hold) && math.IsNaN(p.aim):
		return free
	case !math.IsNaN(p.aim) && meets(p.aim):
		return atAim
	case math.IsNaN(p.hold) || meets(p.hold):
		return held
	}
	return under
}

// bound writes a bound as the table has it.
func (p part) bound(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	sign := "≥"
	if p.most {
		sign = "≤"
	}
	return fmt.Sprintf("%s %s", sign, p.figure(v))
}

func (p part) figure(v float64) string { return short(v) + " " + p.unit }

// short writes three digits.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// results are the rounds of each part of each row.
type results map[string][][]float64

// note takes down one round of a row's part.
func (r results) note(key string, part int, v float64) {
	row := rowOf(key)
	if r[key] == nil {
		r[key] = make([][]float64, len(row.parts))
	}
	r[key][part] = append(r[key][part], v)
}

// missing lists the parts of the rows asked for that have no figure.
func (r results) missing(keys []string) (list []string) {
	for _, key := range keys {
		for i, p := range rowOf(key).parts {
			if r[key] == nil || len(r[key][i]) == 0 || math.IsNaN(median(r[key][i])) {
				list = append(list, strings.TrimSuffix(key+": "+p.name, ": "))
			}
		}
	}
	return list
}
