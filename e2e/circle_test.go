//go:build e2e

package e2e

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
)

// record keeps every request that a person's browser makes: addresses, headers, bodies.
type record struct {
	mu  sync.Mutex
	all strings.Builder
}

func (r *record) of(p *person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watching = func(e *network.EventRequestWillBeSent) {
		r.mu.Lock()
		defer r.mu.Unlock()
		fmt.Fprintln(&r.all, e.Request.Method, e.Request.URL, e.Request.Headers)
		for _, part := range e.Request.PostDataEntries {
			fmt.Fprintln(&r.all, string(part.Bytes))
		}
	}
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all.String()
}

// fragment is what stands after # in a person's address.
func (p *person) fragment() string {
	p.t.Helper()
	return strings.TrimPrefix(see[string](p, "location.hash"), "#")
}

// makesCircle makes one and is in it; choose presses more on the form.
func (p *person) makesCircle(name string, choose ...string) {
	p.t.Helper()
	p.open("/c")
	p.types("#c-make #c-name", name)
	for _, selector := range choose {
		p.click(selector)
	}
	p.click("#c-make .btn")
	p.wait("the circle is open", `document.querySelector("h1#c-name")?.textContent === `+fmt.Sprintf("%q", name))
}

// invites gives the link of an invite.
func (p *person) invites() string {
	p.t.Helper()
	p.click(`[data-opens="invite"]`)
	p.click("#c-invites .btn")
	p.wait("there is an invite", `!document.getElementById("c-invited").hidden && document.getElementById("c-link").value`)
	return see[string](p, `document.getElementById("c-link").value`)
}

// comesBy opens a whole link, and says whether its page is there.
func (p *person) comesBy(link string) {
	p.t.Helper()
	u := must(url.Parse(link))
	p.open(u.Path + "#" + u.Fragment)
}

func (p *person) joins(link string) {
	p.t.Helper()
	p.comesBy(link)
	p.click("#c-join")
	p.wait("they are in", `location.hash.startsWith("#m1.") && !document.querySelector('[data-view="circle"]').hidden`)
}

func (p *person) saysInCircle(words string) {
	p.t.Helper()
	p.types("#c-words", words)
	p.click("#c-send")
	p.shows(words)
}

func TestTwoInACircleReadEachOtherAndTheServerNothing(t *testing.T) {
	s := newSite(t)
	ada, ben := s.person("ada"), s.person("ben")
	var asked record
	asked.of(ada)
	asked.of(ben)
	ada.makesCircle("Kitchen table")
	link := ada.invites()
	ben.joins(link)
	if a, b := see[string](ada, `document.querySelector("[data-phrase]").textContent`), see[string](ben, `document.querySelector("[data-phrase]").textContent`); a != b || len(strings.Fields(a)) != 5 {
		t.Errorf("the phrases are %q and %q", a, b)
	}
	ada.saysInCircle("the scan came back clear")
	ben.shows("the scan came back clear")
	ben.click(".post .replies-link")
	ben.types(".post .replies textarea", "how good to hear")
	ben.click(".post [data-replies] .btn")
	ben.shows("how good to hear")
	ada.click(".post .replies-link")
	ada.shows("how good to hear")
	ben.click(".post .heart")
	ada.wait("the heart arrives", `document.querySelector(".post .heart span").textContent === "1"`)

	all := asked.String()
	secrets := []string{ada.fragment(), ben.fragment(), must(url.Parse(link)).Fragment}
	for _, secret := range secrets {
		_, key, _ := strings.Cut(secret, ".")
		if len(key) < 43 || strings.Contains(all, key) {
			t.Errorf("a fragment of %d characters is in a request", len(key))
		}
	}
	for _, words := range []string{"the scan came back", "how good to hear", "Kitchen table"} {
		if strings.Contains(all, words) {
			t.Errorf("%q is in a request", words)
		}
		secrets = append(secrets, words)
	}
	err := filepath.WalkDir(filepath.Dir(s.data), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, secret := range secrets {
			if strings.Contains(string(raw), secret) {
				t.Errorf("%s holds %.12q…", filepath.Base(path), secret)
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	for _, secret := range secrets {
		if strings.Contains(s.log.String(), secret) {
			t.Errorf("the log holds %.12q…", secret)
		}
	}
}

func TestAUsedInviteIsDeadAndWhoIsLeftOutReadsNothingNew(t *testing.T) {
	s := newSite(t)
	ada, ben, eve := s.person("ada"), s.person("ben"), s.person("eve")
	ada.makesCircle("Flat 4B", `#c-make [value="maker"]`)
	first := ada.invites()
	ben.joins(first)
	used := time.Now()
	for _, p := range []*person{ben, eve} {
		p.expects("status of 410", "status of 404")
	}
	eve.comesBy(first)
	eve.click("#c-join")
	eve.shows("This invite was used")
	if took := time.Since(used); took > patience/2 {
		t.Errorf("it took %v", took)
	}
	status, body := s.do("POST", must(url.Parse(first)).Path[2:], "") // a robot that follows the link changes nothing
	if status < 400 {
		t.Errorf("a post to the page: %d %s", status, body)
	}
	eve.joins(ada.invites())
	ada.saysInCircle("before the key was turned")
	eve.shows("before the key was turned")
	ada.click(`[data-opens="people"]`)
	ada.wait("three are in", `document.querySelectorAll("#c-members li").length === 3`)
	ada.click("#c-members [data-out]:not([hidden])") // nobody can tell from the list which of the two that is
	ada.wait("one is out", `document.querySelectorAll("#c-members li").length === 2`)
	const outside = `!document.querySelector('[data-view="outside"]').hidden`
	gone, stays := eve, ben
	eventually(t, patience, "one of them is outside", func() bool {
		if see[bool](ben, outside) {
			gone, stays = ben, eve
		}
		return see[bool](gone, outside)
	})
	ada.saysInCircle("after the key was turned")
	stays.shows("after the key was turned")
	stays.shows("before the key was turned")
	gone.loses("after the key was turned")
}

func TestACircleSaysWhatItNeeds(t *testing.T) {
	s := newSite(t)
	p := s.person("somebody")
	p.open("/c/abcdefghijklmnopqrstuvwxya")
	p.shows("This link has no key")
	p.expects("status of 404")
	p.open("/c/abcdefghijklmnopqrstuvwxya#m1.AAAA")
	p.shows("This link has no key")
	p.makesCircle("Kitchen table")
	whole := see[string](p, `location.pathname + location.hash`)
	for cut, says := range map[string]string{
		whole[:len(whole)-4]:                                       "This link has no key",
		whole[:len(whole)-4] + "AAAA":                              "This key opens nothing",
		strings.Replace(whole, "#m1.", "#m1.AAAA", 1)[:len(whole)]: "There is nothing for this key here",
	} {
		p.open("/about")
		p.open(cut)
		p.shows(says)
	}
	p.withoutScript()
	p.open("/c")
	p.shows("Without JavaScript")
}

func TestAnAdminSeesOfACircleWhatAMemberReported(t *testing.T) {
	s := newSite(t)
	ada, ben := s.person("ada"), s.person("ben")
	ada.makesCircle("Kitchen table")
	ben.joins(ada.invites())
	ada.saysInCircle("I handed in my notice. I haven’t told anyone who knows my name.")
	ben.shows("I handed in my notice")
	ben.click(".circle-report summary")
	ben.click("[data-reports] .btn")
	ben.shows("The host was shown these words")
	s.owner(ada)
	ada.open("/admin/circles")
	ada.shows("I handed in my notice")
	ada.shows("2 of 12 members, 1 posts")
	if strings.Contains(see[string](ada, `document.documentElement.outerHTML`), "Kitchen table") {
		t.Error("an admin reads the name of a circle")
	}
	ada.click(`[name="do"][value="remove"]`)
	ada.shows("The post is gone")
	ben.loses("I handed in my notice")
	ada.click(".admin-grid summary")
	ada.click(".admin-grid .btn.harm")
	ada.shows("The circle has ended")
	ben.expects("status of 404")
	ben.shows("There is nothing for this key here")
	ada.open("/log")
	ada.shows("ended a whole circle, unread")
}
