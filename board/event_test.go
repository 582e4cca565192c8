package board

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestEndingsAreToldOneByOneUntilTheyAreTooMany(t *testing.T) {
	for _, tt := range []struct {
		name         string
		ended, told  int
		wantsReload  bool
		lastIsAReply bool
	}{
		{"none", 0, 0, false, false},
		{"a few", 3, 3, false, true},
		{"as many as are told", tooManyToTell, tooManyToTell, false, true},
		{"one too many", tooManyToTell + 1, 1, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ended := make([]Ending, tt.ended)
			for i := range ended {
				ended[i] = Ending{ID: NewPostID(), Thread: NewPostID(), Board: Home, Why: ByTime}
			}
			var told []Event
			tellEndings(t.Context(), new(steps), time.Now(), new(memory), func(_ context.Context, e Event) { told = append(told, e) }, ended)
			if len(told) != tt.told {
				t.Fatalf("%d events were told, want %d", len(told), tt.told)
			}
			for i, e := range told {
				if tt.wantsReload {
					if e != (Event{Kind: Reload, Board: Home}) {
						t.Errorf("told %+v, want a reload of the board", e)
					}
					continue
				}
				if want := (Event{Kind: Died, Board: Home, Thread: ended[i].Thread, ID: ended[i].ID, Why: ByTime}); e != want {
					t.Errorf("told %+v, want %+v", e, want)
				}
			}
		})
	}
}

// A million endings on one board are one event, and nobody else's.
func TestABoardWithoutManyEndingsIsNotReloaded(t *testing.T) {
	ended := make([]Ending, 1_000_000)
	for i := range ended {
		ended[i] = Ending{Board: "busy", Why: ByTime}
	}
	few := Ending{ID: NewPostID(), Thread: NewPostID(), Board: "quiet", Why: BySilence}
	ended[700] = few
	var told []Event
	tellEndings(t.Context(), new(steps), time.Now(), new(memory), func(_ context.Context, e Event) { told = append(told, e) }, ended)
	want := []Event{{Kind: Reload, Board: "busy"}, {Kind: Died, Board: "quiet", Thread: few.Thread, ID: few.ID, Why: BySilence}}
	if !slices.Equal(told, want) {
		t.Errorf("told %d events, want the reload of one board and the ending on the other", len(told))
	}
}

func TestEventOfAPostIsNoneOfAReply(t *testing.T) {
	post, reply := NewPostID(), NewPostID()
	if (Event{ID: post, Thread: post}).IsReply() {
		t.Error("a post is taken for a reply")
	}
	if !(Event{ID: reply, Thread: post}).IsReply() {
		t.Error("a reply is taken for a post")
	}
}

func TestOnlyWhatTheCommunityEndedLeavesATrace(t *testing.T) {
	for why, want := range map[Why]bool{ByScore: true, ByTime: false, BySilence: false, ByAuthor: false} {
		if got := why.LeavesTrace(); got != want {
			t.Errorf("%s leaves a trace: %v, want %v", why, got, want)
		}
	}
}
