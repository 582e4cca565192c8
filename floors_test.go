package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// house says which rooms a room may import (ARCHITECTURE.md, "Floors"), and
// libraries which of other people's code: nil is any.
var house = map[string]struct{ rooms, libraries []string }{
	"main":     {rooms: []string{"alert", "alike", "argon", "board", "certs", "doctor", "filter", "handlers", "limit", "live", "pictures", "search", "static", "storage", "views", "words"}},
	"handlers": {rooms: []string{"alert", "board", "doctor", "limit", "live", "pictures", "static", "views", "words"}},
	"views":    {rooms: []string{"board", "static", "words"}},
	"storage":  {rooms: []string{"board"}},
	"live":     {rooms: []string{"board"}},
	"limit":    {rooms: []string{"board"}},
	"alert":    {libraries: []string{}},
	"doctor":   {libraries: []string{"golang.org/x/sys"}},
	"certs":    {libraries: []string{"github.com/caddyserver/certmagic", "github.com/mholt/acmez", "go.uber.org/zap", "golang.org/x/net", "github.com/letsencrypt/pebble", "github.com/miekg/dns"}},
	"argon":    {rooms: []string{"board"}, libraries: []string{"golang.org/x/crypto/argon2", "golang.org/x/sync"}},
	"pictures": {rooms: []string{"board"}, libraries: []string{"golang.org/x/image"}},
	"filter":   {rooms: []string{"board"}, libraries: []string{"golang.org/x/text"}},
	"search":   {rooms: []string{"board"}},
	"alike":    {rooms: []string{"board"}, libraries: []string{"golang.org/x/text"}},
	"board":    {libraries: []string{}},
	"static":   {libraries: []string{"github.com/andybalholm/brotli"}},
	"words":    {libraries: []string{"github.com/nicksnyder/go-i18n/v2", "github.com/BurntSushi/toml", "golang.org/x/text"}},
	"e2e":      {rooms: []string{}},
	"bench":    {rooms: []string{"board", "storage"}},
	"docs":     {rooms: []string{}},
}

// homes says where alone a library may be used.
var homes = map[string][]string{
	"database/sql":                     {"storage", "search", "e2e", "bench"},
	"github.com/mattn/go-sqlite3":      {"storage", "search", "e2e", "bench"},
	"github.com/pressly/goose":         {"storage"},
	"github.com/gorilla/websocket":     {"live", "handlers", "e2e", "bench"},
	"github.com/didip/tollbooth":       {"limit"},
	"github.com/alecthomas/kong":       {"main"},
	"github.com/nicksnyder/go-i18n":    {"words"},
	"github.com/chromedp/chromedp":     {"e2e"},
	"github.com/caddyserver/certmagic": {"certs"},
	"github.com/letsencrypt/pebble":    {"certs"},
	"golang.org/x/image":               {"pictures"},
	"golang.org/x/crypto":              {"argon"},
}

// TestRoomsImportOnlyFloorsBelowThem walks what is really built, tests aside.
func TestRoomsImportOnlyFloorsBelowThem(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-tags", "e2e", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		names := strings.Fields(line)
		room := roomOf(names[0])
		if _, known := house[room]; !known {
			t.Errorf("%s is on no floor: give it one here and in ARCHITECTURE.md", names[0])
			continue
		}
		for _, imported := range names[1:] {
			if why := forbidden(room, imported); why != "" {
				t.Errorf("%s imports %s: %s", names[0], imported, why)
			}
		}
	}
}

// roomOf is the first folder of a package of ours, and "" for other people's.
func roomOf(pkg string) string {
	if pkg == "mayfly" {
		return "main"
	}
	inside, ours := strings.CutPrefix(pkg, "mayfly/")
	if !ours {
		return ""
	}
	room, _, _ := strings.Cut(inside, "/")
	return room
}

func forbidden(room, imported string) string {
	if other := roomOf(imported); other != "" {
		if other == room || slices.Contains(house[room].rooms, other) {
			return ""
		}
		return "it may import " + strings.Join(house[room].rooms, ", ") + " only"
	}
	for library, rooms := range homes {
		if within(imported, library) && !slices.Contains(rooms, room) {
			return library + " is for " + strings.Join(rooms, ", ")
		}
	}
	domain, _, _ := strings.Cut(imported, "/")
	allowed := house[room].libraries
	if !strings.Contains(domain, ".") || allowed == nil || slices.ContainsFunc(allowed, func(l string) bool { return within(imported, l) }) {
		return ""
	}
	return "libraries of this room: " + strings.Join(allowed, ", ")
}

func within(pkg, library string) bool {
	return pkg == library || strings.HasPrefix(pkg, library+"/")
}

// TestFloorsKnowRightFromWrong: a rule that lets everything pass helps nobody.
func TestFloorsKnowRightFromWrong(t *testing.T) {
	for _, tt := range []struct {
		room, imported string
		allowed        bool
	}{
		{"board", "time", true},
		{"board", "database/sql", false},
		{"board", "mayfly/words", false},
		{"board", "golang.org/x/text/unicode/norm", false},
		{"storage", "mayfly/board", true},
		{"storage", "mayfly/storage/keys", true},
		{"storage", "mayfly/live", false},
		{"live", "mayfly/limit", false},
		{"limit", "github.com/didip/tollbooth/v7/limiter", true},
		{"handlers", "github.com/didip/tollbooth/v7", false},
		{"handlers", "mayfly/storage", false},
		{"handlers", "mayfly/views", true},
		{"views", "mayfly/handlers", false},
		{"views", "mayfly", false},
		{"main", "mayfly/storage/keys", true},
		{"static", "github.com/andybalholm/brotli", true},
		{"static", "github.com/a-h/templ", false},
	} {
		if why := forbidden(tt.room, tt.imported); (why == "") != tt.allowed {
			t.Errorf("%s imports %s: allowed %v, want %v (%s)", tt.room, tt.imported, why == "", tt.allowed, why)
		}
	}
}
