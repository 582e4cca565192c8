package views

import (
	"maps"
	"reflect"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/words"
)

// TestAnArticleDependsOnNothingElse: whatever is changed of a post, the settings, the time
// and the language, an article is as the post is drawn without it, and another where the
// drawing is another.
func TestAnArticleDependsOnNothingElse(t *testing.T) {
	seen := map[string]bool{} // what changed a drawing
	for what, post := range shownPosts() {
		v := aVisit("en")
		v.Settings.Cautious = true
		base := v
		same := func(changed string, v Visit, post, was board.Post) {
			t.Helper()
			got, want := draw(t, NewArticle(v, post).Draw()), draw(t, PostArticle(NewPost(v.Words, post, v.Settings, v.Now)))
			if got != want {
				t.Errorf("%s, %s: it is drawn otherwise:\n%s\nwant\n%s", what, changed, got, want)
			}
			if want != draw(t, PostArticle(NewPost(base.Words, was, base.Settings, base.Now))) {
				seen[changed] = true
				if NewArticle(v, post) == NewArticle(base, was) {
					t.Errorf("%s, %s: it is taken for what it was", what, changed)
				}
			}
		}
		same("as it is", v, post, post)
		if NewArticle(v, post) != NewArticle(v, copied(post)) {
			t.Errorf("%s: read again, it is another", what)
		}
		for _, later := range []time.Duration{time.Millisecond, time.Second, time.Minute, time.Hour} {
			w := v
			w.Now = v.Now.Add(later)
			same("Now", w, post, post)
		}
		w := v
		w.Words = words.In("it")
		same("Words", w, post, post)
		for name := range changes(reflect.ValueOf(&post).Elem(), "Post") {
			changed := copied(post)
			changes(reflect.ValueOf(&changed).Elem(), "Post")[name]()
			same(name, v, changed, post)
		}
		for name := range changes(reflect.ValueOf(&w.Settings).Elem(), "Settings") {
			w := v
			changes(reflect.ValueOf(&w.Settings).Elem(), "Settings")[name]()
			same(name, w, post, post)
		}
	}
	for _, name := range []string{
		"Now", "Words", "Post.ID", "Post.Body", "Post.Board", "Post.Warning", "Post.Backdrop", "Post.Place", "Post.Unlisted", "Post.ViewOnce", "Post.Sealed", "Post.Readers", "Post.Standing",
		"Post.Care", "Post.Prompt", "Post.Sponsored", "Post.Name.Hue", "Post.Life.EndsAt", "Post.Life.CapAt", "Post.Life.Since", "Post.Life.Silence", "Post.Hearts", "Post.Score", "Post.Replies", "Post.Alike",
		"Post.Secret", "Post.Picture.Alt", "Post.Picture.Colour", "Post.Picture.Width",
		"Settings.VanishScore", "Settings.LifePerHeart", "Settings.LifePerDown", "Settings.Pictures", "Settings.Cautious",
	} {
		if !seen[name] {
			t.Errorf("control: %s changes nothing that is shown", name)
		}
	}
}

// shownPosts are of all kinds, so that all of each is shown on one of them.
func shownPosts() map[string]board.Post {
	with := func(change func(p *board.Post)) board.Post {
		p := aPost()
		change(&p)
		return p
	}
	return map[string]board.Post{
		"a post":    aPost(),
		"a warning": with(func(p *board.Post) { p.Warning, p.Place, p.Unlisted = "loud", "Library", true }),
		"a card":    with(func(p *board.Post) { p.Backdrop = board.Moods[0].Backdrops[0] }),
		"a picture": with(func(p *board.Post) {
			p.Picture = &board.Picture{Alt: "a cat", Colour: "#102030", Width: 30, Height: 20}
		}),
		"a seal":   with(func(p *board.Post) { p.ViewOnce, p.Readers = true, 3; *p = p.Seal() }),
		"a prompt": with(func(p *board.Post) { p.Prompt = board.Asking }),
		"held":     with(func(p *board.Post) { p.Standing, p.Body = board.Held, "see https://river.example" }),
		"low":      with(func(p *board.Post) { p.Score = board.DefaultSettings().VanishScore + 2 }),
		"quiet":    with(func(p *board.Post) { p.Life.Silence = time.Hour }),
		"capped":   with(func(p *board.Post) { p.Life.CapAt = p.Life.Until }),
		"dying":    with(func(p *board.Post) { p.Life.Until = noon.Add(30 * time.Second); p.Life.EndsAt = p.Life.Until }),
	}
}

// copied is a post as it is read again.
func copied(p board.Post) board.Post {
	if p.Picture != nil {
		picture := *p.Picture
		p.Picture = &picture
	}
	return p
}

// changes are all that can be done to the fields of v, by their names.
func changes(v reflect.Value, name string) map[string]func() {
	all := map[string]func(){}
	switch x := v.Addr().Interface().(type) {
	case *time.Time:
		all[name] = func() { *x = x.Add(time.Hour) }
		return all
	case *time.Duration:
		all[name] = func() { *x += time.Hour }
		return all
	case *board.Secret:
		all[name] = func() { *x = board.Key{7}.Secret() }
		return all
	case *board.Pictures:
		all[name] = func() { *x = board.PicturesOn }
		return all
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				maps.Copy(all, changes(v.Field(i), name+"."+f.Name))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			return changes(v.Elem(), name)
		}
	case reflect.Bool:
		all[name] = func() { v.SetBool(!v.Bool()) }
	case reflect.String:
		all[name] = func() { v.SetString(v.String() + "x") }
	case reflect.Int, reflect.Int64:
		all[name] = func() { v.SetInt(v.Int() + 1) }
	case reflect.Uint8:
		all[name] = func() { v.SetUint(v.Uint() + 1) }
	case reflect.Array:
		all[name] = func() { v.Index(0).SetUint(v.Index(0).Uint() ^ 1) }
	default: // lists, which no article shows
	}
	return all
}
