package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestARunningServerFollowsRaidMode(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	if said := command(t, "raid", "status", "--data", site.data); !strings.Contains(said, "is off") {
		t.Errorf("before: %s", said)
	}
	command(t, "raid", "on", "2h", "--data", site.data)
	soon(t, "pages say that there is a raid", func() bool { return strings.Contains(site.get(t, "/"), "This board is being raided") })
	if said := command(t, "raid", "status", "--data", site.data); !strings.Contains(said, "on all boards") {
		t.Errorf("on: %s", said)
	}
	command(t, "raid", "off", "--data", site.data)
	soon(t, "it is over", func() bool { return !strings.Contains(site.get(t, "/"), "This board is being raided") })
	if res := site.post(t, "/b/home/posts", url.Values{"body": {"as ever"}}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("afterwards: %s", res.Status)
	}
}
