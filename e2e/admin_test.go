//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

const ownersWords = "four words nobody else has"

// adminPages are those that the walk of TestModerationHasNoBarriers leaves out.
var adminPages = []string{"/admin/start", "/admin/circles", "/admin/chats", "/admin/boards/den/door", "/admin/notices", "/admin/seal"}

// owner has a person become the owner, by the link that the first start has printed, and
// leave the first choices for later.
func (s *site) owner(p *person) {
	s.t.Helper()
	p.becomesOwner(s)
	p.open("/admin/queue")
}

// TestAnOwnerComesInAndWhatTheyChangeIsSeenAtOnce goes the whole way: from the link of
// the first start to a setting that an open page follows.
func TestAnOwnerComesInAndWhatTheyChangeIsSeenAtOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	p.expects("status of 40", "status of 422")
	s.owner(p)
	p.open(strings.TrimPrefix(s.setup, s.url))
	p.wait("the link is used up", `document.body.innerText.includes("has been used")`)
	p.open("/admin/log")
	p.follow(".rail-foot button")
	p.wait("they are out", `location.pathname === "/admin/login"`)
	p.open("/admin/settings?board=home")
	p.types("#name", "ada")
	p.types("#passphrase", "not it at all")
	p.follow("main button.btn")
	p.wait("it is refused", `document.querySelector("[role=alert]") && document.getElementById("name").value === "ada"`)
	p.types("#passphrase", ownersWords)
	p.follow("main button.btn")
	p.wait("the door led where they were going", `location.pathname + location.search === "/admin/settings?board=home"`)

	reader := s.person("a reader")
	reader.openLive("/")
	reader.wait("a post may have 1,000 characters", `document.querySelector("#limits").dataset.max === "1000"`)
	p.open("/admin/settings")
	see[any](p, `void (document.getElementById("s-post_chars").value = "")`)
	p.types("#s-post_chars", "321")
	p.follow(`button[value="preview"]`)
	p.wait("it is shown first", `document.querySelector(".changes")`)
	began := time.Now()
	p.follow(`button[value="apply"]`)
	reader.wait("the open page follows", `document.querySelector("#limits").dataset.max === "321"`)
	t.Logf("the open page followed within %v of the click", time.Since(began).Round(time.Millisecond))
	p.wait("it says so", `document.querySelector("[role=status]")`)
}

// TestWithoutAScriptAnAdminDoesAllOfThis: the pages of admins are forms.
func TestWithoutAScriptAnAdminDoesAllOfThis(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	p.withoutScript()
	s.owner(p)
	p.open("/admin/settings")
	p.types("#s-k", "5") // 55 with the one that is there
	p.follow(`button[value="preview"]`)
	p.follow(`button[value="apply"]`)
	p.open("/admin/log")
	p.wait("it is in the log", `document.body.innerText.includes("Smallest count shown: 5 → 55")`)
	p.follow(`main form button`)
	p.wait("rolling back is shown first", `document.querySelector(".changes")`)
	p.withScript()
}

// TestAResetBesideARunningServer lets an owner in who has lost the passphrase.
func TestAResetBesideARunningServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	s.owner(p)
	out, err := exec.Command(program, "admin", "reset", "--data", s.data, "--base-url", s.url).CombinedOutput()
	if err != nil {
		t.Fatalf("admin reset: %v\n%s", err, out)
	}
	p.open("/admin/log")
	p.wait("they are out", `location.pathname === "/admin/login"`)
	lines := strings.Fields(string(out))
	s.setup = lines[len(lines)-1]
	s.owner(p)
	if strings.Contains(s.log.String(), "token") {
		t.Error("the log holds a link")
	}
}
