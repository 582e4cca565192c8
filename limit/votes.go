package limit

import (
	"slices"

	"mayfly/board"
)

const (
	freshVotes = 3       // fresh cookies of a network that may vote on one post (SPEC 5)
	votesMax   = 1 << 16 // pairs of network and post that an epoch remembers
)

// FreshVote says whether who may vote on a post though their cookie has not
// settled: within an epoch at most three such cookies of one network may, so that
// dropping the cookie does not give a second vote for long. To vote again with
// one of the three is allowed. A settled visitor always may. Its error is a
// *board.Error of kind Limited; by the end of its wait the cookie has settled.
//
// Shared networks get no more than others: a wider door here is one through which
// anybody in the school can make a post vanish.
func (g *Gate) FreshVote(who Caller, post board.PostID) error {
	if who.Visitor.Settled(g.now()) {
		return nil
	}
	net := network(who.Addr)
	current, previous := g.memory.epochs()
	if !previous.freshVote(net, who.Visitor, post) || !current.freshVote(net, who.Visitor, post) {
		return limited(epochTime)
	}
	return nil
}

func (e *epoch) freshVote(net who, v board.Visitor, post board.PostID) bool {
	place := e.key.tag(Vote, ofPost, net, post[:]...)
	voter := e.key.tag(Vote, ofVoter, visitor(v), post[:]...)
	e.mu.Lock()
	defer e.mu.Unlock()
	voters, known := e.votes[place]
	switch {
	case slices.Contains(voters, voter):
		return true
	case len(voters) >= freshVotes, !known && len(e.votes) >= votesMax:
		return false
	}
	e.votes[place] = append(e.votes[place], voter)
	return true
}
