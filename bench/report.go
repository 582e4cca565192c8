package main

import (
	"fmt"
	"io"
	"strings"
)

// printTable prints the rows that have figures.
func printTable(w io.Writer, r results) {
	fmt.Fprintln(w)
	for _, row := range table {
		rounds := r[row.key]
		for i, p := range row.parts {
			if rounds == nil || len(rounds[i]) == 0 {
				continue
			}
			v := median(rounds[i])
			name := strings.TrimSuffix(row.measure+": "+p.name, ": ")
			fmt.Fprintf(w, "%-5s  %-14s hold %-12s aim %-12s %s [%s]\n", p.stand(v), p.figure(v), p.bound(p.hold), p.bound(p.aim), name, list(rounds[i]))
		}
	}
}

func list(rounds []float64) string {
	var b []string
	for _, v := range rounds {
		b = append(b, short(v))
	}
	return strings.Join(b, " ")
}
