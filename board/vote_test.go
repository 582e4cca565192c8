package board

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseVoteReadsWhatStringWrites(t *testing.T) {
	for _, v := range []Vote{Heart, Down, NoVote} {
		if got, err := ParseVote(v.String()); err != nil || got != v {
			t.Errorf("ParseVote(%q) = %v, %v; want %v", v, got, err, v)
		}
	}
	for _, word := range []string{"", "Heart", "up", "1", " heart"} {
		if _, err := ParseVote(word); kindOf(err) != Invalid {
			t.Errorf("ParseVote(%q) = %v, want a refusal of kind Invalid", word, err)
		}
	}
}

func TestCastMovesScoreHeartsAndLife(t *testing.T) {
	const heart, down = 10 * time.Minute, 20 * time.Minute
	for _, tt := range []struct {
		was, vote     Vote
		score, hearts int
		by            time.Duration
	}{
		{NoVote, NoVote, 0, 0, 0},
		{NoVote, Heart, 1, 1, heart},
		{NoVote, Down, -1, 0, -down},
		{Heart, Heart, 0, 0, 0},
		{Heart, NoVote, -1, -1, -heart},
		{Heart, Down, -2, -1, -heart - down},
		{Down, Down, 0, 0, 0},
		{Down, NoVote, 1, 0, down},
		{Down, Heart, 2, 1, heart + down},
	} {
		t.Run(tt.was.String()+" to "+tt.vote.String(), func(t *testing.T) {
			p := Post{ID: PostID{1}, Thread: PostID{1}, Score: 3, Hearts: 5, Life: NewLife(noon, 3*time.Hour, 0, day)}
			b := Ballot{Post: p.ID, Vote: tt.vote, Heart: heart, Down: down}
			got := b.Cast(p, tt.was, noon.Add(time.Minute))
			if got.Score != 3+tt.score || got.Hearts != 5+tt.hearts {
				t.Errorf("score %d, hearts %d; want %d, %d", got.Score, got.Hearts, 3+tt.score, 5+tt.hearts)
			}
			if want := p.Life.EndsAt.Add(tt.by); !got.Life.EndsAt.Equal(want) {
				t.Errorf("ends %v, want %v", got.Life.EndsAt, want)
			}
			p.ID, p.Thread = PostID{2}, PostID{1}
			reply := b.Cast(p, tt.was, noon.Add(time.Minute))
			if reply.Score != 3+tt.score || reply.Hearts != 5+tt.hearts {
				t.Errorf("reply: score %d, hearts %d; want %d, %d", reply.Score, reply.Hearts, 3+tt.score, 5+tt.hearts)
			}
			if reply.Life != p.Life {
				t.Errorf("a vote moved a reply's life: %+v, want %+v", reply.Life, p.Life)
			}
		})
	}
}

// TestTakingAVoteBackUndoesIt holds for steps that the grid does not divide, too:
// turning a heart on and off must not be a way to lengthen a life.
func TestTakingAVoteBackUndoesIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		ttl := lengths(time.Second, 7*day).Draw(t, "ttl")
		p := Post{Life: NewLife(now, ttl, 0, 60*day)}
		b := Ballot{Heart: lengths(0, day).Draw(t, "heart"), Down: lengths(0, day).Draw(t, "down")}
		b.Vote = rapid.SampledFrom([]Vote{Heart, Down}).Draw(t, "vote")
		voted := b.Cast(p, NoVote, now)
		back := b
		back.Vote = NoVote
		if got := back.Cast(voted, b.Vote, now); got != p {
			t.Fatalf("%v, then none: %+v, want %+v", b.Vote, got, p)
		}
	})
}

func TestNoChainOfVotesOutlivesItsHearts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := moments().Draw(t, "now")
		p := Post{Life: NewLife(now, lengths(time.Second, 7*day).Draw(t, "ttl"), 0, 30*day)}
		b := Ballot{Heart: lengths(0, day).Draw(t, "heart"), Down: lengths(0, day).Draw(t, "down")}
		latest := p.Life.Until.Add(p.Life.whole(b.Heart))
		was := NoVote
		t.Repeat(map[string]func(*rapid.T){"vote": func(t *rapid.T) {
			b.Vote = rapid.SampledFrom([]Vote{Heart, Down, NoVote}).Draw(t, "vote")
			p, was = b.Cast(p, was, now), b.Vote
			if p.Life.EndsAt.After(latest) {
				t.Fatalf("one visitor brought it to %v; a heart reaches %v", p.Life.EndsAt, latest)
			}
			if p.Score != int(was) || p.Hearts != count(was, Heart) {
				t.Fatalf("score %d, hearts %d after %v", p.Score, p.Hearts, was)
			}
		}})
	})
}

func TestAHeartBreaksTheSilence(t *testing.T) {
	p := Post{Life: NewLife(noon, time.Hour, 5*time.Minute, day)}
	at := noon.Add(4 * time.Minute)
	b := Ballot{Vote: Heart, Heart: 10 * time.Minute, Down: 10 * time.Minute}
	if got, want := b.Cast(p, NoVote, at).Life.EndsAt, at.Add(5*time.Minute); !got.Equal(want) {
		t.Errorf("after a heart it ends %v, want %v", got, want)
	}
	b.Vote = Down
	if got, want := b.Cast(p, NoVote, at).Life.EndsAt, p.Life.EndsAt; !got.Equal(want) {
		t.Errorf("after a down it ends %v, want %v: a down breaks no silence", got, want)
	}
}

// TestADownTakenBackKeepsTheSilence: a down may bring the end before that of the
// quiet; taking it back must not leave a post that silence never ends.
func TestADownTakenBackKeepsTheSilence(t *testing.T) {
	p := Post{Life: NewLife(noon, 20*time.Minute, 8*time.Minute, day)}
	b := Ballot{Vote: Down, Down: 15 * time.Minute}
	p = b.Cast(p, NoVote, noon)
	if want := noon.Add(5 * time.Minute); !p.Life.EndsAt.Equal(want) {
		t.Fatalf("after the down it ends %v, want %v", p.Life.EndsAt, want)
	}
	b.Vote = NoVote
	at := noon.Add(2 * time.Minute)
	if got, latest := b.Cast(p, Down, at).Life.EndsAt, at.Add(8*time.Minute); got.After(latest) {
		t.Errorf("it ends %v, but silence ends it at %v", got, latest)
	}
}
