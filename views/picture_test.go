package views

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"mayfly/board"
	"mayfly/words"
)

// aPicturePost is a post with a picture and no words.
func aPicturePost() board.Post {
	p := aPost()
	p.Body = ""
	p.Picture = &board.Picture{Alt: "Lemons in a bag", Colour: "#8a7b2c", Width: 1600, Height: 1200, ThumbWidth: 640, ThumbHeight: 480}
	return p
}

func withPictures(s board.Settings, as board.Pictures) board.Settings {
	s.Pictures = as
	return s
}

func drawn(t *testing.T, p board.Post, as board.Pictures) *html.Node {
	t.Helper()
	return tree(t, draw(t, PostArticle(NewPost(words.In("en"), p, withPictures(board.DefaultSettings(), as), noon))))
}

func TestAPictureSaysHowLargeItIsAndWhatItShows(t *testing.T) {
	post := drawn(t, aPicturePost(), board.PicturesOn)
	images := find(post, is("img"))
	if len(images) != 1 || len(find(post, is("details"))) != 0 {
		t.Fatalf("a picture that is shown at once: %s", show(post))
	}
	want := map[string]string{
		"src": "/p/" + id(1).String() + "/thumb", "alt": "Lemons in a bag", "width": "1600", "height": "1200",
		"loading": "lazy", "decoding": "async",
	}
	for name, value := range want {
		if got := attr(images[0], name); got != value {
			t.Errorf("%s = %q, want %q", name, got, value)
		}
	}
	beds := find(post, is("rect"))
	if !slices.ContainsFunc(beds, func(e *html.Node) bool { return attr(e, "fill") == "#8a7b2c" }) {
		t.Error("nothing of its colour stands in its place while it loads")
	}
	if len(find(post, func(e *html.Node) bool { return strings.Contains(attr(e, "class"), "post-text") })) != 0 {
		t.Error("words are drawn where there are none")
	}
}

func TestAPictureWithoutWordsForItStillHasAName(t *testing.T) {
	p := aPicturePost()
	p.Picture.Alt = ""
	if got := attr(find(drawn(t, p, board.PicturesOn), is("img"))[0], "alt"); got != "A picture that nobody has described" {
		t.Errorf("alt = %q", got)
	}
}

// TestAVeiledPictureIsNotFetched: a lazy image in a closed details is not rendered,
// and so not loaded (e2e holds a browser to it).
func TestAVeiledPictureIsNotFetched(t *testing.T) {
	post := drawn(t, aPicturePost(), board.PicturesBlurred)
	folds := find(post, is("details"))
	if len(folds) != 1 || has(folds[0], "open") {
		t.Fatalf("no closed veil: %s", show(post))
	}
	if in := find(folds[0], is("img")); len(in) != 1 || attr(in[0], "loading") != "lazy" {
		t.Error("the picture behind the veil would load at once")
	}
	if out := find(post, is("img")); len(out) != 1 {
		t.Errorf("%d pictures, one is behind the veil", len(out))
	}
	summary := text(find(folds[0], is("summary"))[0])
	for _, part := range []string{"Show the picture", "Hide", "Lemons in a bag"} {
		if !strings.Contains(summary, part) {
			t.Errorf("the veil says %q, and not %q", summary, part)
		}
	}
}

func TestAPictureStandsBehindTheWarningOfItsPost(t *testing.T) {
	p := aPicturePost()
	p.Warning, p.Body = "Spiders", "On the wall"
	for _, as := range []board.Pictures{board.PicturesOn, board.PicturesBlurred} {
		post := drawn(t, p, as)
		folds := find(post, is("details"))
		if len(folds) != 1 || len(find(folds[0], is("img"))) != 1 || len(find(post, is("img"))) != 1 {
			t.Errorf("pictures %s: the picture is not behind the warning alone", as)
		}
	}
}

func TestAThreadShowsTheWholePicture(t *testing.T) {
	v := aVisit("en")
	v.Settings.Pictures = board.PicturesOn
	page := tree(t, draw(t, ThreadPage(NewThread(v, Talk{Post: aPicturePost()}))))
	image := find(page, is("img"))[0]
	if got, want := attr(image, "src"), "/p/"+id(1).String()+"/picture"; got != want || attr(image.Parent, "href") != want {
		t.Errorf("a thread shows %s and leads to %s, want %s", got, attr(image.Parent, "href"), want)
	}
}

func TestAnOpenedPictureIsInItsPageAndNowhereElse(t *testing.T) {
	p := aPicturePost()
	p.ViewOnce = true
	p.Picture.Full = &board.Image{Type: "image/jpeg", Width: 1600, Height: 1200, Bytes: []byte{1, 2, 3}}
	for _, as := range []board.Pictures{board.PicturesOn, board.PicturesBlurred} {
		v := aVisit("en")
		v.Settings.Pictures = as
		page := tree(t, draw(t, OpeningPage(NewOpening(v, p, "/", false))))
		images := find(page, is("img"))
		if len(images) != 1 || attr(images[0], "src") != "data:image/jpeg;base64,AQID" || has(images[0], "loading") {
			t.Errorf("pictures %s: %s", as, show(page))
		}
	}
	if sealed := drawn(t, p.Seal(), board.PicturesOn); len(find(sealed, is("img"))) != 0 {
		t.Error("a sealed post shows a picture")
	}
}

func TestYouTellsOfAPictureWithoutWords(t *testing.T) {
	v := aVisit("en")
	v.Visitor = me
	if page := draw(t, YouPage(NewYou(v, Known{Posts: []board.Post{by(me, aPicturePost())}}))); !strings.Contains(page, "Remove “A picture”") {
		t.Error("a picture can't be told from nothing")
	}
}

func TestAComposerTakesAPicture(t *testing.T) {
	v := aVisit("en")
	form := tree(t, draw(t, ComposerForm(NewComposer(v, Given{}, nil))))
	composer, file := byID(t, form, "composer"), byID(t, form, "picture")
	if attr(composer, "enctype") != "multipart/form-data" || has(byID(t, form, "body"), "required") {
		t.Error("a picture alone can't be sent")
	}
	for _, kind := range []string{"image/jpeg", "image/png", "image/webp", "image/gif", "image/heic", "image/avif"} {
		if !strings.Contains(attr(file, "accept"), kind) {
			t.Errorf("%s is not asked for", kind)
		}
	}
	if has(byID(t, form, "photo"), "open") || attr(byID(t, form, "photo"), "data-script") == "" {
		t.Error("the fold stands open, or has no script")
	}

	v.Settings.Pictures = board.PicturesOff
	form = tree(t, draw(t, ComposerForm(NewComposer(v, Given{}, &board.Error{Kind: board.Invalid, Code: "error.draft", Fields: map[string]board.Problem{
		"picture": {Code: "error.picture.off"},
	}}))))
	if composer := byID(t, form, "composer"); has(composer, "enctype") || !has(byID(t, form, "body"), "required") || !strings.Contains(text(composer), "takes no pictures") {
		t.Error("where there are no pictures, the form takes one, or does not say so")
	}
}

func TestARefusedPictureComesBackWithItsWords(t *testing.T) {
	given := Given{Body: "my words", Alt: "a cat", HadPicture: true}
	refused := &board.Error{Kind: board.Unsupported, Code: "error.draft", Fields: map[string]board.Problem{
		"picture": {Code: "error.picture.heic"}, "alt": {Code: "error.picture.alt", Args: map[string]any{"max": 500}},
	}}
	form := tree(t, draw(t, ComposerForm(NewComposer(aVisit("en"), given, refused))))
	if !has(byID(t, form, "photo"), "open") || attr(byID(t, form, "alt"), "value") != "a cat" || attr(byID(t, form, "picture"), "aria-invalid") != "true" {
		t.Error("what was wrong with a picture is folded away, or its words are lost")
	}
	all := text(form)
	for _, part := range []string{"only phones read", "Choose it again", "500 characters"} {
		if !strings.Contains(all, part) {
			t.Errorf("nothing says %q", part)
		}
	}
}
