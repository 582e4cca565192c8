package handlers

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzTheDoorLeadsToAdminsPagesAlone: whatever a link to the door says, it leads to no
// other host and to no other page.
func FuzzTheDoorLeadsToAdminsPagesAlone(f *testing.F) {
	for _, path := range []string{"/admin/log?before=7", "//evil.example/admin/", "/admin/../forget", "/admin//evil", "/admin/%2e%2e/x", "/\\evil", "javascript:x", "/admin/login"} {
		f.Add(path)
	}
	base, _ := url.Parse("https://board.example/admin/login")
	f.Fuzz(func(t *testing.T, path string) {
		to, err := base.Parse(adminPath(path))
		if err != nil {
			t.Fatalf("%q leads to what is no address: %v", path, err)
		}
		if to.Host != base.Host || to.Scheme != "https" || to.Path != "/admin" && !strings.HasPrefix(to.Path, "/admin/") {
			t.Errorf("%q leads to %s", path, to)
		}
	})
}
