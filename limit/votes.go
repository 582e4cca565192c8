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
	_, err := g.fresh(Vote, who, post)
	return err
}

// FreshReport does the same for reports, and says whether this one helps to hide the
// post: of a network's fresh cookies the first alone does, so that dropping the cookie
// makes nobody three people. On the machine itself, where a host tries it out, each
// does.
func (g *Gate) FreshReport(who Caller, post board.PostID) (counts bool, err error) {
	nth, err := g.fresh(Report, who, post)
	return nth == 0 || who.Addr.Unmap().IsLoopback(), err
}

// fresh is the how-manieth of its network's fresh cookies asks for a cost on one post,
// from 0 on; a settled visitor is always the first.
func (g *Gate) fresh(c Cost, who Caller, post board.PostID) (nth int, err error) {
	if who.Visitor.Settled(g.now()) {
		return 0, nil
	}
	net := network(who.Addr)
	current, previous := g.memory.epochs()
	before, known := previous.fresh(c, net, who.Visitor, post)
	now, fits := current.fresh(c, net, who.Visitor, post)
	if !known || !fits {
		return 0, limited(epochTime)
	}
	return max(before, now), nil
}

func (e *epoch) fresh(c Cost, net who, v board.Visitor, post board.PostID) (nth int, fits bool) {
	place := e.key.tag(c, ofPost, net, post[:]...)
	voter := e.key.tag(c, ofVoter, visitor(v), post[:]...)
	e.mu.Lock()
	defer e.mu.Unlock()
	voters, known := e.votes[place]
	if nth = slices.Index(voters, voter); nth >= 0 {
		return nth, true
	}
	if len(voters) >= freshVotes || !known && len(e.votes) >= votesMax {
		return 0, false
	}
	e.votes[place] = append(voters, voter)
	return len(voters), true
}
