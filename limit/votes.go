package limit

import (
	"slices"

	"mayfly/board"
)

const (
	freshDowns = 3       // downs of fresh cookies that one post may get, from all networks together
	freshVotes = 3       // fresh cookies of a network that may vote on one post (SPEC 5)
	votesMax   = 1 << 16 // pairs of network and post that an epoch remembers
)

// FreshVote says whether who may vote on a post though their cookie has not
// settled: within an epoch at most three such cookies of one network may, so that
// dropping the cookie does not give a second vote for long. To vote again with
// one of the three is allowed. A settled visitor always may. Its error is a
// *board.Error of kind Limited; by the end of its wait the cookie has settled.
//
// Nor do more than three downs of fresh cookies count on one post in that time, from
// wherever they come: who has a thousand networks has a thousand fresh cookies, and
// would end any post with five of them. It takes two who were here before.
//
// Shared networks get no more than others: a wider door here is one through which
// anybody in the school can make a post vanish.
func (g *Gate) FreshVote(who Caller, post board.PostID, vote board.Vote) error {
	if who.Visitor.Settled(g.now()) {
		return nil
	}
	net := network(who.Addr)
	current, previous := g.memory.epochs()
	if !previous.freshVote(ofPost, net, who.Visitor, post, freshVotes) || !current.freshVote(ofPost, net, who.Visitor, post, freshVotes) {
		return limited(epochTime)
	}
	if vote != board.Down {
		return nil
	}
	if !previous.freshVote(ofDowns, anyone, who.Visitor, post, freshDowns) || !current.freshVote(ofDowns, anyone, who.Visitor, post, freshDowns) {
		return &board.Error{Kind: board.Limited, Code: "error.fresh_down", Args: map[string]any{"wait": epochTime}}
	}
	return nil
}

// anyone stands for all networks.
var anyone who

func (e *epoch) freshVote(of scope, net who, v board.Visitor, post board.PostID, most int) bool {
	place := e.key.tag(Vote, of, net, post[:]...)
	voter := e.key.tag(Vote, ofVoter, visitor(v), post[:]...)
	e.mu.Lock()
	defer e.mu.Unlock()
	voters, known := e.votes[place]
	switch {
	case slices.Contains(voters, voter):
		return true
	case len(voters) >= most, !known && len(e.votes) >= votesMax:
		return false
	}
	e.votes[place] = append(e.votes[place], voter)
	return true
}
