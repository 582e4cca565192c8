//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// command has the program do something beside a server that is stopped.
func (s *site) command(args ...string) {
	s.t.Helper()
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		s.t.Fatalf("%v: %v\n%s", args, err, out)
	}
}

// TestWhatIsGoneWithItsKeysIsSaidAndTheBoardGoesOn, in both languages.
func TestWhatIsGoneWithItsKeysIsSaidAndTheBoardGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	s.owner(p)
	s.publish("The ferry does not run today", "")
	s.publish("A bag of lemons stands on the stairs", "")
	reader := s.person("a reader")
	reader.openLive("/")
	reader.shows("lemons")
	reader.expects("WebSocket", "ERR_CONNECTION_REFUSED")
	p.expects("ERR_CONNECTION_REFUSED")
	s.stop()
	if err := os.RemoveAll(s.data + ".keys"); err != nil {
		t.Fatal(err)
	}
	s.start(s.url[len("http://"):])
	reader.loses("lemons")
	reader.shots("keys-lost-reader")
	p.base = s.url
	for lang, said := range map[string]string{"en": "the keys of living posts were not there", "it": "le chiavi di post ancora vivi non c’erano"} {
		p.speaks(lang)
		for _, name := range []string{"queue", "system"} {
			p.open("/admin/" + name)
			p.shows(said)
			p.shots("keys-lost-" + name + "-" + lang)
		}
	}
	p.speaks("en")
	p.openLive("/")
	p.post("Then let us begin anew")
	reader.shows("Then let us begin anew")
}

// TestARestoredAndAMovedBoardLookLikeThemselves: the owner signs in anew after the one, and
// nobody has to after the other.
func TestARestoredAndAMovedBoardLookLikeThemselves(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	p := s.person("the owner")
	p.expects("status of 401", "status of 404", "ERR_CONNECTION_REFUSED")
	s.owner(p)
	s.publish("The ferry does not run today", "")
	at := t.TempDir()
	s.command("backup", filepath.Join(at, "backup"), "--data", s.data)
	s.stop()
	s.command("move", filepath.Join(at, "moved"), "--data", s.data)
	old := s.data
	s.data = filepath.Join(at, "moved")
	s.start("127.0.0.1:0")
	p.base = s.url
	for _, lang := range []string{"en", "it"} {
		p.speaks(lang)
		p.open("/admin/log")
		p.shots("moved-log-" + lang)
		p.open("/")
		p.shows("The ferry does not run today")
	}
	p.shots("moved-board")
	s.stop()
	s.command("restore", filepath.Join(at, "backup"), "--data", old+"-restored")
	s.data = old + "-restored"
	s.start("127.0.0.1:0")
	p.base = s.url
	for _, lang := range []string{"en", "it"} {
		p.speaks(lang)
		p.open("/admin/log")
		p.wait("the door stands before it", `document.querySelector("#passphrase")`)
		p.shots("restored-door-" + lang)
	}
	p.speaks("en")
	p.open("/admin/login?to=/admin/log")
	p.types("#name", "ada")
	p.types("#passphrase", ownersWords)
	p.follow("main button.btn")
	p.shows("restored a backup")
	for _, lang := range []string{"en", "it"} {
		p.speaks(lang)
		p.open("/admin/log")
		p.shots("restored-log-" + lang)
	}
	p.open("/")
	p.shots("restored-board")
}
