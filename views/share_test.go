package views

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skip2/go-qrcode"
	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

// modules reads a path of runs back into the square that it draws.
func modules(t *testing.T, q QR) [][]bool {
	t.Helper()
	square := make([][]bool, q.Size)
	for y := range square {
		square[y] = make([]bool, q.Size)
	}
	run := regexp.MustCompile(`^M(\d+) (\d+)h(\d+)v1h-(\d+)z`)
	for rest := q.Path; rest != ""; {
		m := run.FindStringSubmatch(rest)
		if m == nil || m[3] != m[4] {
			t.Fatalf("no run begins with %.20q", rest)
		}
		x, y, n := must(strconv.Atoi(m[1])), must(strconv.Atoi(m[2])), must(strconv.Atoi(m[3]))
		for i := range n {
			square[y][x+i] = true
		}
		rest = rest[len(m[0]):]
	}
	return square
}

func TestACodeIsDrawnAsItIs(t *testing.T) {
	for _, link := range []string{
		"http://localhost:8080/p/abcdefghijklmnopqrstuvwxyz",
		"https://board.example/p/abcdefghijklmnopqrstuvwxyz",
		"https://a-board-with-a-long-name.somewhere.example:8443/p/abcdefghijklmnopqrstuvwxyz",
	} {
		q := must(newQR(link))
		want := must(qrcode.New(link, qrcode.Medium)).Bitmap()
		if len(want) != q.Size {
			t.Fatalf("%s: %d modules a side, want %d", link, q.Size, len(want))
		}
		for y, row := range modules(t, q) {
			for x, dark := range row {
				if dark != want[y][x] {
					t.Fatalf("%s: module %d,%d is dark: %v", link, x, y, dark)
				}
				if quiet := min(x, y, q.Size-1-x, q.Size-1-y) < 4; quiet && dark {
					t.Fatalf("%s: %d,%d is in the quiet zone, and dark", link, x, y)
				}
			}
		}
	}
	if _, err := newQR(strings.Repeat("x", 4000)); err == nil {
		t.Error("a link that no code can hold is coded")
	}
}

func TestTheSharePageShowsTheLinkAndLeadsBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		post board.Post
		back string
	}{
		{"post", aPost(), "/p/" + id(1).String()},
		{"reply", aReply(), "/p/" + id(1).String() + "#p-" + id(2).String()},
	} {
		s := must(NewShare(aVisit("en"), tt.post, "https://board.example/p/x"))
		page := tree(t, draw(t, SharePage(s)))
		if got := attr(byID(t, page, "link"), "value"); got != "https://board.example/p/x?s="+tt.post.Secret.Share(id(1)) || s.Back != tt.back {
			t.Errorf("%s: shows %q, leads back to %q", tt.name, got, s.Back)
		}
		if strings.Contains(text(page), tt.post.Body) {
			t.Errorf("%s: its words are on the page", tt.name)
		}
	}
}

// metas are the metas of a page's head, by their name.
func metas(t *testing.T, page *html.Node) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range find(page, is("meta")) {
		if name := attr(m, "property") + attr(m, "name"); name != "" {
			out[name] = attr(m, "content")
		}
	}
	return out
}

func TestAPreviewSaysTheKindAndTheEndAndNeverAWord(t *testing.T) {
	secret := "xyzzy-marker"
	plain := aPost()
	plain.Body = secret
	with := func(change func(*board.Post)) board.Post { p := plain; change(&p); return p }
	for _, tt := range []struct {
		title string
		post  board.Post
	}{
		{"A post · The board", plain},
		{"A card · The board", with(func(p *board.Post) { p.Backdrop = "moth" })},
		{"A post behind a warning · The board", with(func(p *board.Post) { p.Backdrop, p.Warning = "moth", secret })},
		{"An unlisted post · The board", with(func(p *board.Post) { p.Unlisted, p.Backdrop = true, "moth" })},
		{"A post that shows itself once · The board", with(func(p *board.Post) { p.ViewOnce, p.Warning = true, secret })},
	} {
		url := "https://board.example/p/" + tt.post.ID.String()
		page := tree(t, draw(t, ThreadPage(NewThread(aVisit("en"), Talk{Post: tt.post.Seal(), URL: url}))))
		got := metas(t, page)
		for name, want := range map[string]string{
			"og:title": tt.title, "og:url": url, "robots": "noindex", "twitter:card": "summary",
			"og:description": "It ends within 4 hours, unless hearts lengthen it. Its words stand on the board alone.",
		} {
			if got[name] != want {
				t.Errorf("%s: %s = %q, want %q", tt.title, name, got[name], want)
			}
		}
		if !regexp.MustCompile(`^https://board\.example/static/img/share\.[\w-]+\.png$`).MatchString(got["og:image"]) {
			t.Errorf("%s: og:image = %q", tt.title, got["og:image"])
		}
		for name, content := range got {
			if strings.Contains(content, secret) {
				t.Errorf("%s: %s holds a word of it", tt.title, name)
			}
		}
		if title := text(find(page, is("title"))[0]); strings.Contains(title, secret) {
			t.Errorf("%s: the page is called %q", tt.title, title)
		}
	}
}

func TestWhatHeartsCantLengthenIsNotSaidToGrow(t *testing.T) {
	v := aVisit("en")
	v.Settings.LifePerHeart = 0
	if got := newPreview(v, aPost(), "").Text; strings.Contains(got, "hearts") {
		t.Errorf("it says %q", got)
	}
}

func TestAPreviewsTimeIsCoarseAndNeverTooShort(t *testing.T) {
	for left := time.Second; left < 40*day; left = left*5/4 + time.Second {
		got := coarse(left)
		if got < left {
			t.Fatalf("%s is said to be %s", left, got)
		}
		if unit := []time.Duration{time.Minute, time.Hour, day}; got%unit[0] != 0 || left > 2*time.Hour && got%unit[1] != 0 || left > 2*day && got%unit[2] != 0 {
			t.Fatalf("%s is said to be %s, which is finer than it must be", left, got)
		}
	}
}

func TestOtherPagesHaveNoPreview(t *testing.T) {
	for _, lang := range words.Languages {
		for name, c := range everyPage(lang) {
			page := tree(t, draw(t, c))
			has := metas(t, page)["og:title"] != ""
			if thread := attr(find(page, is("body"))[0], "data-page") == "thread"; has != thread {
				t.Errorf("%s: has a preview: %v", name, has)
			}
		}
	}
}
