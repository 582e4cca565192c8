package handlers_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"mayfly/board"
)

const (
	doorPhrase  = "warm tin roof"
	otherPhrase = "cold brick wall"
)

// shutAttic is a board called attic, for those who know doorPhrase.
func (s *site) shutAttic() {
	s.t.Helper()
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	s.gives("attic", board.ByPassphrase, doorPhrase)
}

func (s *site) gives(slug string, a board.Access, phrase string) {
	s.t.Helper()
	if err := s.doors.Set(s.t.Context(), "ada", slug, a, phrase); err != nil {
		s.t.Fatal(err)
	}
}

func passOf(a answer) *http.Cookie {
	i := slices.IndexFunc(a.Cookies(), func(c *http.Cookie) bool { return strings.Contains(c.Name, "mf-door-") })
	if i < 0 {
		return nil
	}
	return a.Cookies()[i]
}

func TestADoorLetsInAndLeadsToWhereSomebodyWasGoing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	door := s.get("/b/attic?sort=hot")
	if door.StatusCode != http.StatusForbidden || !strings.Contains(door.body, `action="/b/attic/door"`) || !strings.Contains(door.body, `name="to" value="/b/attic?sort=hot"`) ||
		!strings.Contains(door.body, `<meta name="robots" content="noindex"`) || door.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("the door: %s\n%s", door.Status, door.body)
	}
	if strings.Contains(door.body, "The attic") {
		t.Error("it says what is behind it")
	}
	wrong := s.form("/b/attic/door", "passphrase", "cold tin roof", "to", "/b/attic?sort=hot")
	if wrong.StatusCode != http.StatusForbidden || passOf(wrong) != nil || !strings.Contains(wrong.body, "isn’t the passphrase") || !strings.Contains(wrong.body, `aria-invalid="true"`) || !strings.Contains(wrong.body, `value="/b/attic?sort=hot"`) {
		t.Errorf("a wrong passphrase: %s", wrong.Status)
	}
	if strings.Contains(wrong.body, "cold tin roof") {
		t.Error("a page holds a passphrase")
	}
	in := s.form("/b/attic/door", "passphrase", doorPhrase, "to", "/b/attic?sort=hot")
	if in.StatusCode != http.StatusSeeOther || in.Header.Get("Location") != "/b/attic?sort=hot" {
		t.Fatalf("the right one: %s to %s", in.Status, in.Header.Get("Location"))
	}
	if a := s.get("/b/attic"); a.StatusCode != http.StatusOK || !strings.Contains(a.body, "The attic") || a.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("inside: %s", a.Status)
	}
	for to, want := range map[string]string{"//elsewhere.example/": "/", "https://elsewhere.example/": "/", "": "/b/attic", "/p/x?y=z": "/p/x?y=z"} {
		if a := s.form("/b/attic/door", "passphrase", doorPhrase, "to", to); a.Header.Get("Location") != want {
			t.Errorf("to %q it leads to %q", to, a.Header.Get("Location"))
		}
	}
	for path, want := range map[string]int{"/b/cellar/door": http.StatusNotFound, "/b/home/door": http.StatusSeeOther, "/b/attic/door": http.StatusSeeOther} {
		if a := s.get(path); a.StatusCode != want {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	if strings.Contains(s.log.String(), "roof") {
		t.Error("a passphrase is in the log")
	}
}

// The sentences door.same and you.doors_same promise this.
func TestAllWhoComeInHoldTheSamePass(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.shutAttic()
	var passes []string
	for range 3 {
		who := newBrowser()
		s.clock.turn(time.Hour)
		s.as(who, http.MethodPost, "/b/home/posts", encode([]string{"body", "I have a cookie"}), "Content-Type", formType)
		a := s.formAs(who, "/b/attic/door", "passphrase", doorPhrase)
		c := passOf(a)
		if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || c.Name != "mf-door-attic" || len(a.Cookies()) != 1 {
			t.Fatalf("the pass is %v", a.Header["Set-Cookie"])
		}
		passes = append(passes, c.Value)
		you := s.as(who, http.MethodGet, "/you", "").body
		if !strings.Contains(you, "All who came in hold the same pass") || !strings.Contains(you, `action="/b/attic/door/leave"`) {
			t.Error("/you says nothing of it")
		}
	}
	if passes[0] != passes[1] || passes[1] != passes[2] || len(passes[0]) != 22 {
		t.Errorf("the passes of three people are %v", passes)
	}
	tls := s.do(http.MethodPost, "/b/attic/door", encode([]string{"passphrase", doorPhrase}), "Content-Type", formType, "X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.9")
	if c := passOf(tls); c == nil || c.Name != "__Host-mf-door-attic" || !c.Secure {
		t.Errorf("under TLS the pass is %v", tls.Header["Set-Cookie"])
	}
	if a := s.get("/you"); strings.Contains(a.body, "All who came in hold the same pass") {
		t.Error("/you speaks of a pass to who has none")
	}
	who := newBrowser()
	s.formAs(who, "/b/attic/door", "passphrase", doorPhrase)
	s.formAs(who, "/b/attic/door/leave")
	if a := s.as(who, http.MethodGet, "/b/attic", ""); a.StatusCode != http.StatusForbidden {
		t.Errorf("who has left is inside: %s", a.Status)
	}
}

// TestAnotherPassphraseClosesPagesAndSockets: the sockets are closed by the very call that
// changes it, and no page is served after it.
func TestAnotherPassphraseClosesPagesAndSockets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	s.form("/b/attic/door", "passphrase", doorPhrase)
	s.form("/b/attic/posts", "body", "attic-marker")
	pass := passOf(s.form("/b/home/door")) // already inside: nothing to give
	if pass != nil {
		t.Fatal("a board without a door gives a pass")
	}
	feed := s.get("/b/attic").body
	id := feed[strings.Index(feed, `id="p-`)+len(`id="p-`):][:26]
	var sockets []*websocket.Conn
	for _, path := range []string{"/live?board=attic", "/live?post=" + id, "/api/v1/live?board=attic"} {
		header := http.Header{"Origin": {s.url}}
		dialer := *websocket.DefaultDialer
		dialer.Jar = s.client.Jar
		conn, res, err := dialer.DialContext(t.Context(), strings.Replace(s.url, "http", "ws", 1)+path, header)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		t.Cleanup(func() { conn.Close() })
		s.next(conn)
		sockets = append(sockets, conn)
	}
	home := s.listen("/live?board=home")
	s.next(home)
	s.gives("attic", board.ByPassphrase, otherPhrase)
	for i, conn := range sockets {
		if err := conn.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		_, frame, err := conn.ReadMessage()
		if closed, is := errors.AsType[*websocket.CloseError](err); !is || closed.Code != 4003 {
			t.Errorf("socket %d hears %q, %v; want to be closed", i, frame, err)
		}
	}
	for _, path := range []string{"/b/attic", "/p/" + id, "/live/state?board=attic", "/api/v1/posts/" + id, "/write?board=attic"} {
		if a := s.get(path); a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusNotFound || strings.Contains(a.body, "attic-marker") {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
	s.publish("home goes on")
	if frame := s.next(home); !strings.Contains(frame, "home goes on") {
		t.Errorf("home hears %q", frame)
	}
	kept := s.form("/b/attic/posts", "body", "kept <words>")
	if kept.StatusCode != http.StatusForbidden || !strings.Contains(kept.body, "kept &lt;words&gt;") || !strings.Contains(kept.body, `action="/b/attic/posts"`) || !strings.Contains(kept.body, "/b/attic/door") {
		t.Errorf("who wrote meanwhile: %s\n%s", kept.Status, kept.body)
	}
	if a := s.get("/you"); !strings.Contains(a.body, "attic-marker") || strings.Contains(a.body, "The attic") {
		t.Error("/you hides what is theirs, or names the board")
	}
	if a := s.form("/p/" + id + "/delete"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != "/you" {
		t.Errorf("an author who was put out can't remove what is theirs: %s", a.Status)
	}
	if _, err := s.board.Any(board.AsHost(t.Context()), must(board.ParsePostID(id))); !errors.Is(err, board.ErrNotFound) {
		t.Errorf("it is there: %v", err)
	}
}

// turning is an answer whose connection is taken over only after something has happened.
type turning struct {
	http.ResponseWriter
	first func()
}

func (t turning) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	t.first()
	return http.NewResponseController(t.ResponseWriter).Hijack()
}

// TestASocketIsAskedOnceMore whether it may stay: another passphrase closes those that are
// open, and this one was not yet.
func TestASocketIsAskedOnceMore(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	turn := func() { s.gives("attic", board.ByPassphrase, otherPhrase) }
	turned := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.handler.ServeHTTP(turning{w, turn}, r)
	}))
	t.Cleanup(turned.Close)
	pass := passOf(s.form("/b/attic/door", "passphrase", doorPhrase))
	conn, res, err := websocket.DefaultDialer.DialContext(t.Context(), strings.Replace(turned.URL, "http", "ws", 1)+"/live?board=attic",
		http.Header{"Origin": {turned.URL}, "Cookie": {pass.Name + "=" + pass.Value}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		_, frame, err := conn.ReadMessage()
		if closed, is := errors.AsType[*websocket.CloseError](err); is && closed.Code == 4003 {
			return
		}
		if err != nil {
			t.Fatalf("it stays: %v", err)
		}
		t.Logf("before it is closed it hears %q", frame)
	}
}

// TestWrongPassphrasesFromManyNetworksKeepNobodyOut: past the limit each further try costs
// a proof of work, whoever tries, and the rightful one comes in with theirs.
func TestWrongPassphrasesFromManyNetworksKeepNobodyOut(t *testing.T) {
	t.Parallel()
	s := newSite(t, withTrusted("127.0.0.0/8"))
	s.set("pow_bits", "8")
	s.shutAttic()
	knock := func(from, phrase string, more ...string) (answer, map[string]any) {
		return s.call(http.MethodPost, "/api/v1/boards/attic/door", map[string]string{"passphrase": phrase}, append([]string{"X-Forwarded-For", from}, more...)...)
	}
	looked := 0
	for i := range 500 {
		if a, _ := knock(fmt.Sprintf("10.%d.%d.1", i/250, i%250), "wrong wrong wrong"); a.StatusCode == http.StatusForbidden {
			looked++
		}
	}
	if looked != 60 {
		t.Errorf("of 500 wrong ones from 500 networks %d were looked at for nothing", looked)
	}
	refused, _ := knock("203.0.113.7", doorPhrase)
	a, out := knock("203.0.113.7", doorPhrase, "Mayfly-Proof", asked(t, refused).solve(t))
	if a.StatusCode != http.StatusOK || out["pass"] == "" {
		t.Fatalf("the rightful one: %s %s", a.Status, a.body)
	}
	room := s.form("/b/attic/door", "passphrase", doorPhrase, "to", "/b/attic?sort=hot") // s.client has come in by now
	if room.StatusCode != http.StatusSeeOther {
		t.Errorf("who is inside: %s", room.Status)
	}
	room = s.as(newBrowser(), http.MethodPost, "/b/attic/door", encode([]string{"passphrase", doorPhrase, "to", "/b/attic?sort=hot"}), "Content-Type", formType, "X-Forwarded-For", "203.0.113.8")
	if room.StatusCode != http.StatusTooManyRequests || !strings.Contains(room.body, `action="/b/attic/door"`) || !strings.Contains(room.body, "data-challenge") {
		t.Errorf("without a script it leads to no waiting room: %s", room.Status)
	}
	s.clock.turn(15 * time.Minute)
	if a, _ := knock("203.0.113.9", doorPhrase); a.StatusCode != http.StatusOK {
		t.Errorf("a quarter of an hour later: %s", a.Status)
	}
}

// A try that lets in is given back: a school behind one address comes in as one after
// another.
func TestManyComeInFromOneNetwork(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	for i := range 50 {
		if a := s.formAs(newBrowser(), "/b/attic/door", "passphrase", doorPhrase); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("the %dth: %s", i+1, a.Status)
		}
	}
}

func TestAnInvitationIsUsedUpByComingInAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	s.gives("attic", board.ByInvite, "")
	code := string(must(s.doors.Invite(t.Context(), "ada", "attic", 2, time.Hour)))
	for range 5 { // a preview, a scanner, somebody who looks twice
		a := s.get("/b/attic/door?code=" + strings.ToUpper(code))
		if a.StatusCode != http.StatusOK || !strings.Contains(a.body, `value="`+code+`"`) {
			t.Fatalf("the link: %s", a.Status)
		}
	}
	if a := s.get("/b/attic/door?code=" + strings.Repeat("%22%3E%3Cb%3E", 30)); a.StatusCode != http.StatusOK || strings.Contains(a.body, "<b>") {
		t.Errorf("a code that is none: %s", a.Status)
	}
	var all sync.WaitGroup
	in := make(chan int, 20)
	for range 20 {
		all.Go(func() {
			a := s.formAs(newBrowser(), "/b/attic/door", "code", code)
			in <- a.StatusCode
		})
	}
	all.Wait()
	close(in)
	n := 0
	for status := range in {
		if status == http.StatusSeeOther {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d came in by a code for two", n)
	}
}

func TestAProgramSendsItsPassInAHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.shutAttic()
	if a, out := s.call(http.MethodGet, "/api/v1/boards/attic/posts", nil); a.StatusCode != http.StatusForbidden || out["code"] != "error.outside" {
		t.Errorf("outside: %s %v", a.Status, out)
	}
	if a, out := s.call(http.MethodPost, "/api/v1/boards/attic/door", map[string]string{"passphrase": "cold tin roof"}); a.StatusCode != http.StatusForbidden || out["code"] != "error.door.wrong" || out["fields"].(map[string]any)["passphrase"] == "" {
		t.Errorf("a wrong passphrase: %s %v", a.Status, out)
	}
	_, out := s.call(http.MethodPost, "/api/v1/boards/attic/door", map[string]string{"passphrase": doorPhrase})
	pass := out["pass"].(string)
	s.client = newBrowser()
	for header, want := range map[string]int{pass: http.StatusOK, "": http.StatusForbidden, pass + "A": http.StatusForbidden, strings.ToUpper(pass): http.StatusForbidden} {
		if a := s.get("/api/v1/boards/attic/posts", "Mayfly-Pass", header); a.StatusCode != want {
			t.Errorf("with the pass %q: %s", header, a.Status)
		}
	}
	if a, out := s.call(http.MethodPost, "/api/v1/boards/home/door", map[string]string{"passphrase": doorPhrase}); a.StatusCode != http.StatusOK || out["pass"] != "" {
		t.Errorf("a board without a door: %s %v", a.Status, out)
	}
	if a, _ := s.call(http.MethodPost, "/api/v1/boards/cellar/door", map[string]string{"passphrase": doorPhrase}); a.StatusCode != http.StatusNotFound {
		t.Errorf("no board: %s", a.Status)
	}
}

func TestAnUnlistedBoardIsReachedByItsLinkAlone(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.addBoard(board.Info{Slug: "den", Title: "The den"})
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	s.gives("den", board.ByLink, "")
	s.form("/b/den/posts", "body", "den-marker")
	for _, path := range []string{"/", "/boards", "/about", "/api/v1/boards", "/log"} {
		if a := s.get(path); strings.Contains(a.body, "The den") || strings.Contains(a.body, "/b/den") {
			t.Errorf("%s names it", path)
		}
	}
	a := s.get("/b/den")
	if a.StatusCode != http.StatusOK || !strings.Contains(a.body, "den-marker") || !strings.Contains(a.body, `href="/boards"`) || a.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("by its link: %s", a.Status)
	}
}

func TestAdminsSetDoorsAndInvite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.owned()
	s.addBoard(board.Info{Slug: "attic", Title: "The attic"})
	page := "/admin/boards/attic/door"
	if a := s.get(page); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `value="open" checked`) {
		t.Fatalf("the page of a door: %s", a.Status)
	}
	if a := s.form(page, "access", "passphrase"); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, "Give this board a passphrase") || !strings.Contains(a.body, `value="passphrase" checked`) {
		t.Errorf("a door without a passphrase: %s", a.Status)
	}
	if a := s.form(page, "access", "passphrase", "passphrase", "short"); a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.body, `value="short"`) {
		t.Errorf("a short passphrase: %s", a.Status)
	}
	s.takes(page, "access", "passphrase", "passphrase", doorPhrase)
	if s.tuner.Settings("attic").Access != board.ByPassphrase || s.tuner.Settings(board.Home).Access != board.ForAll {
		t.Error("it is not in force, or elsewhere too")
	}
	guest := newBrowser()
	if a := s.as(guest, http.MethodGet, "/b/attic", ""); a.StatusCode != http.StatusForbidden {
		t.Errorf("a guest: %s", a.Status)
	}
	if a := s.form(page + "/enter"); a.Header.Get("Location") != "/b/attic" || passOf(a) == nil {
		t.Errorf("an admin does not get in: %s", a.Status)
	}
	if a := s.get("/b/attic"); a.StatusCode != http.StatusOK {
		t.Errorf("an admin inside: %s", a.Status)
	}
	s.takes(page + "/out")
	if a := s.get("/b/attic"); a.StatusCode != http.StatusForbidden {
		t.Errorf("after everybody was put out: %s", a.Status)
	}
	s.takes(page, "access", "invite")
	for field, bad := range map[string][2]string{"uses": {"none", "7d"}, "life": {"10", "9y"}} {
		if a := s.form(page+"/codes", "uses", bad[0], "life", bad[1]); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="`+field+`-err"`) {
			t.Errorf("a bad %s: %s", field, a.Status)
		}
	}
	made := s.form(page+"/codes", "uses", "3", "life", "2d").body
	at := strings.Index(made, s.url+"/b/attic/door?code=")
	if at < 0 {
		t.Fatal("no link is shown")
	}
	link := made[at+len(s.url):][:len("/b/attic/door?code=")+19]
	if a := s.get(page); strings.Contains(a.body, "door?code=") || !strings.Contains(a.body, "3 more people may come in. It ends in 2 days.") {
		t.Error("the link is shown twice, or the list does not tell of it")
	}
	code := strings.TrimPrefix(link, "/b/attic/door?code=")
	if a := s.formAs(guest, "/b/attic/door", "code", code); a.StatusCode != http.StatusSeeOther {
		t.Errorf("a guest with the code: %s", a.Status)
	}
	s.takes(page+"/codes/revoke", "number", "1")
	s.takes(page+"/codes/revoke", "number", "1") // somebody else was quicker
	if a := s.formAs(newBrowser(), "/b/attic/door", "code", code); a.StatusCode != http.StatusForbidden {
		t.Errorf("a code that was taken back: %s", a.Status)
	}
	log := s.get("/admin/log").body
	for _, want := range []string{"set the door’s passphrase", "put everybody out", "made invitation 1, for 3", "took invitation 1 back", "Who may come in: open → passphrase"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log does not say %q", want)
		}
	}
	for _, kept := range []string{doorPhrase, code, strings.ReplaceAll(code, "-", "")} {
		if strings.Contains(log, kept) || strings.Contains(s.log.String(), kept) || strings.Contains(string(s.files()), kept) {
			t.Errorf("%q is kept somewhere", kept)
		}
	}
}

func TestADoorWithoutItsPassphraseSaysSo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.set("access", "passphrase")
	a := s.get("/")
	if a.StatusCode != http.StatusForbidden || !strings.Contains(a.body, "it has none yet") || strings.Contains(a.body, `name="passphrase"`) {
		t.Errorf("a door that nobody can open: %s", a.Status)
	}
	for _, path := range []string{"/you", "/about", "/boards", "/forgotten", "/admin/login"} {
		if a := s.get(path); a.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, a.Status)
		}
	}
}
