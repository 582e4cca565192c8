package board

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestOnlyBackdropsThatAreOfferedAreTaken(t *testing.T) {
	s, err := DefaultSettings().With(map[string]string{"backdrops": "moth pond"})
	if err != nil {
		t.Fatal(err)
	}
	if k, _ := FindKnob("backdrops"); k.Get(s) != "pond moth" {
		t.Errorf("they are shown as %q, want the order of the moods", k.Get(s))
	}
	for _, name := range append(backdropNames(), "lake") {
		want := name == "pond" || name == "moth"
		_, err := Draft{Body: "x", Backdrop: name}.Check(s)
		if s.Offers(name) != want || (err == nil) != want {
			t.Errorf("%s: offered %v, %v", name, s.Offers(name), err)
		}
	}
	s.Cards = false
	if s.Offers("pond") {
		t.Error("without cards a backdrop is offered")
	}
	all, err := DefaultSettings().With(map[string]string{"backdrops": strings.Join(backdropNames(), " ")})
	if err != nil || all.Backdrops != nil {
		t.Errorf("each of them is %v, %v; want all", all.Backdrops, err)
	}
}

func TestAHostsTextIsCleanedAndKeepsItsLines(t *testing.T) {
	s, err := DefaultSettings().With(map[string]string{"about_text": ` One.\nTwo.` + "\r\n\r\n\r\n\u202eThree. ", "contact": " knock\n twice "})
	if err != nil || s.AboutText != "One.\nTwo.\n\nThree." || s.Contact != "knock twice" {
		t.Errorf("%q, %q, %v", s.AboutText, s.Contact, err)
	}
}

func TestAFormOfPlacesIsWrittenAsTheSettingHasIt(t *testing.T) {
	for _, tt := range []struct {
		what             string
		names, positions []string
		want             string // "": refused
	}{
		{"names and positions", []string{"Library", " ", "Old  Harbour "}, []string{"45.4642, 9.19", "", ""}, "Library 45.4642/9.19; Old Harbour"},
		{"fewer positions than names", []string{"Library"}, nil, "Library"},
		{"a position of nothing", []string{""}, []string{"45/9"}, ""},
		{"a position that is none", []string{"Library"}, []string{"upstairs"}, ""},
		{"a position off the map", []string{"Library"}, []string{"91/0"}, ""},
		{"two names in one", []string{"Library; Harbour"}, []string{""}, ""},
		{"one name twice", []string{"Library", "library"}, []string{"", ""}, ""},
	} {
		text, err := JoinPlaces(tt.names, tt.positions)
		var s Settings
		if err == nil {
			s, err = DefaultSettings().With(map[string]string{"place_list": text})
		}
		if tt.want == "" {
			if _, unfit := errors.AsType[*UnfitError](err); !unfit {
				t.Errorf("%s: %v as %q", tt.what, err, text)
			}
			continue
		}
		if k, _ := FindKnob("place_list"); err != nil || k.Get(s) != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.what, k.Get(s), err, tt.want)
		}
	}
}

func TestAMarkChangesWithAllThatMayChange(t *testing.T) {
	b := Info{Slug: "attic", Title: "The attic", Rules: "One."}
	seen := map[string]string{b.Mark(): "as it was"}
	for what, other := range map[string]Info{
		"title": {Slug: "attic", Title: "The attic ", Rules: "One."}, "rules": {Slug: "attic", Title: "The attic"},
		"place": {Slug: "attic", Title: "The attic", Rules: "One.", Place: 1}, "closing date": {Slug: "attic", Title: "The attic", Rules: "One.", ClosesAt: time.Unix(60, 0)},
		"what is title and what rules": {Slug: "attic", Title: `The attic" "One.`},
	} {
		if was, twice := seen[other.Mark()]; twice {
			t.Errorf("another %s has the mark of %s", what, was)
		}
		seen[other.Mark()] = what
	}
}
