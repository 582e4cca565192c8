package storage

import (
	"regexp"
	"strings"
	"testing"

	"mayfly/storage/storagetest"
)

// The engine keeps the contract, and answers every question asked meanwhile by a
// search: none reads all posts, replies or votes. (Owned tries a visitor on all
// that lives, but page by page.)
func TestSQLiteKeepsTheContractAndSearches(t *testing.T) {
	queries := map[string]bool{}
	t.Run("contract", func(t *testing.T) {
		storagetest.Run(t, func(t *testing.T) storagetest.Engine {
			n := newNode(t)
			n.faults.mu.Lock()
			defer n.faults.mu.Unlock()
			n.faults.text = queries
			return n.Store
		})
	})
	n := newNode(t)
	explained := 0
	for query := range queries {
		if !regexp.MustCompile(`^\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b`).MatchString(query) {
			continue
		}
		explained++
		for _, step := range plan(t, n, query) {
			if regexp.MustCompile(`^SCAN (posts|p|replies|r|votes|v|voices|audit|traces|parts)\b`).MatchString(step) && !strings.Contains(query, "FROM audit") {
				t.Errorf("%s in\n%s", step, query)
			}
			if strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("it sorts: %s in\n%s", step, query)
			}
		}
	}
	if explained < 20 {
		t.Errorf("control: only %d queries were recorded", explained)
	}
}

// plan is what SQLite would do to answer.
func plan(t *testing.T, n *node, query string) []string {
	t.Helper()
	params := map[string]bool{}
	for _, param := range regexp.MustCompile(`\$\d+`).FindAllString(query, -1) {
		params[param] = true
	}
	steps, err := all(t.Context(), n.writer, func(scan scanner) (detail string, err error) {
		var id, parent, unused int
		err = scan(&id, &parent, &unused, &detail)
		return detail, err
	}, "EXPLAIN QUERY PLAN "+query, make([]any, len(params))...)
	if err != nil {
		t.Fatalf("%v: %s", err, query)
	}
	return steps
}
