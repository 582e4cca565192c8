package limit

import (
	"slices"

	"mayfly/board"
)

const (
	freshVotes = 3       // fresh cookies of a network that may vote on one post (SPEC 5)
	votesMax   = 1 << 16 // pairs of network and post that an epoch remembers

	// Fresh downs and reports about a minute at which a board is besieged, and those
	// that one post may then get, from all networks together. Hearts besiege nobody, but
	// under siege they are counted out as downs are.
	siegeDowns   = 10
	siegeReports = 6
	heldVotes    = 3 // of each kind
	heldReports  = 2
)

// FreshVote says whether who may vote on a post of a board though their cookie has not
// settled: within an epoch at most three such cookies of one network may, so that
// dropping the cookie does not give a second vote for long. To vote again with
// one of the three is allowed. A settled visitor always may. Its error is a
// *board.Error of kind Limited; by the end of its wait the cookie has settled.
//
// Who has a thousand networks has a thousand fresh cookies, and would end any post with
// five of them. So where fresh cookies vote down a great deal, and in a raid, a post
// takes no more than three such downs, wherever they come from: to end it takes two who
// were here before. It takes no more than three such hearts either, or a raid would hold
// up what the community votes down.
//
// Shared networks get no more than others: a wider door here is one through which
// anybody in the school can make a post vanish.
func (g *Gate) FreshVote(who Caller, slug string, post board.PostID, vote board.Vote) error {
	if _, err := g.fresh(Vote, ofPost, who, post, freshVotes); err != nil || vote == board.NoVote {
		return err
	}
	of := ofHearts
	if vote == board.Down {
		of = ofDowns
	}
	if !g.freshOfAll(Vote, of, who, slug, post) {
		return &board.Error{Kind: board.Limited, Code: "error.fresh_vote", Args: map[string]any{"wait": epochTime}}
	}
	return nil
}

// FreshReport does the same for reports, and says whether this one helps to hide the
// post: of a network's fresh cookies the first alone does, so that dropping the cookie
// makes nobody three people, and under siege two of all networks. On the machine
// itself, where a host tries it out, each does.
func (g *Gate) FreshReport(who Caller, slug string, post board.PostID) (counts bool, err error) {
	nth, err := g.fresh(Report, ofPost, who, post, freshVotes)
	if err != nil || nth > 0 || who.Addr.Unmap().IsLoopback() {
		return who.Addr.Unmap().IsLoopback(), err
	}
	return g.freshOfAll(Report, ofReports, who, slug, post), nil
}

// freshOfAll says whether one more fresh cookie may do something to a post. On a board
// where so many a minute do, and in a raid, only a few may.
func (g *Gate) freshOfAll(c Cost, of scope, who Caller, slug string, post board.PostID) bool {
	if who.Visitor.Settled(g.now()) {
		return true
	}
	most := votesMax
	if g.settings(slug).Storm || g.besieged(c, slug) {
		most = held(of)
	}
	if of != ofHearts {
		g.hearSiege(c, slug)
	}
	_, err := g.fresh(c, of, who, post, most)
	return err == nil
}

// held is how many of a kind one post may get under siege.
func held(of scope) int {
	if of == ofReports {
		return heldReports
	}
	return heldVotes
}

func (g *Gate) besieged(c Cost, slug string) bool {
	siege := siegeDowns
	if c == Report {
		siege = siegeReports
	}
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		if e.loudness(e.siege(c, slug), g.now(), float64(siege)) >= 1 {
			return true
		}
	}
	return false
}

func (g *Gate) hearSiege(c Cost, slug string) {
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		e.hear(e.siege(c, slug), g.now())
	}
}

func (e *epoch) siege(c Cost, slug string) tag {
	return e.key.tag(c, siegeLoad, anyone, []byte(slug)...)
}

// fresh is the how-manieth fresh cookie asks for a cost on one post, from 0 on, of its
// network (ofPost) or of all (the other scopes), of which there may be so many; a settled
// visitor is always the first.
func (g *Gate) fresh(c Cost, of scope, who Caller, post board.PostID, most int) (nth int, err error) {
	if who.Visitor.Settled(g.now()) {
		return 0, nil
	}
	net := network(who.Addr)
	current, previous := g.memory.epochs()
	if of != ofPost {
		net = anyone
	}
	before, known := previous.fresh(c, of, net, who.Visitor, post, most)
	now, fits := current.fresh(c, of, net, who.Visitor, post, most)
	if !known || !fits {
		return 0, limited(epochTime)
	}
	return max(before, now), nil
}

// arrivalsMost is how many of one network an epoch counts on one thread.
const arrivalsMost = 10

// Arrival says whether one more who comes to a thread by a link that was passed on is
// counted. Nobody is asked who they are, so each is somebody new; but whoever comes again
// and again would be a crowd alone, and of a network ten are, in an epoch.
func (g *Gate) Arrival(who Caller, thread board.PostID) bool {
	who.Visitor = board.NewVisitor(g.now())
	_, err := g.fresh(Page, ofPost, who, thread, arrivalsMost)
	return err == nil
}

// anyone stands for all networks.
var anyone who

func (e *epoch) fresh(c Cost, of scope, net who, v board.Visitor, post board.PostID, most int) (nth int, fits bool) {
	place := e.key.tag(c, of, net, post[:]...)
	voter := e.key.tag(c, ofVoter, visitor(v), post[:]...)
	e.mu.Lock()
	defer e.mu.Unlock()
	voters, known := e.votes[place]
	if nth = slices.Index(voters, voter); nth >= 0 {
		return nth, true
	}
	if len(voters) >= most || !known && len(e.votes) >= votesMax {
		return 0, false
	}
	e.votes[place] = append(voters, voter)
	return len(voters), true
}
