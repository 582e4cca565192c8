// Package storagetest is what every engine of posts has to pass, in the words of
// the contract: SPEC 2 and the comments of board.Posts, board.Expirer and
// board.SettingsStore. It knows no engine.
package storagetest

import (
	"errors"
	"testing"
	"time"

	"mayfly/board"
)

// Engine is what an engine offers.
type Engine interface {
	board.OutsetStore
	board.Posts
	board.Expirer
	board.SettingsStore
	board.Registry
	board.Questions
	board.AdminStore
	board.Resetter
	board.DoorStore
}

// Run holds engines to the contract. open gives an empty one for each test, and
// sees to its closing.
func Run(t *testing.T, open func(t *testing.T) Engine) {
	t.Helper()
	for _, tt := range []struct {
		name string
		test func(*site)
	}{
		{"APostIsReadBackAsItWasWritten", aPostIsReadBack},
		{"AReplyTakesAfterItsThread", aReplyTakesAfterItsThread},
		{"AReplyKeepsWhatItAnswers", aReplyKeepsWhatItAnswers},
		{"UnknownAndEndedAreTheSameError", unknownAndEndedAreTheSame},
		{"TheNewestPostIsFirst", theNewestPostIsFirst},
		{"LeastLifeIsFirst", leastLifeIsFirst},
		{"InterestHeatsAndScoresRank", interestHeatsAndScoresRank},
		{"PostsAreReadByTheirIDsAndInTheirOrder", postsAreReadByTheirIDsAndInTheirOrder},
		{"TheUnlistedStandInNoFeed", theUnlistedStandInNoFeed},
		{"ABoxHoldsAllThatItsAuthorMade", aBoxHoldsAllThatItsAuthorMade},
		{"APictureEndsWithItsPost", aPictureEndsWithItsPost},
		{"APictureIsReadBackPartByPart", aPictureIsReadBack},
		{"AViewOncePictureIsOpenedWithItsPost", aViewOncePictureIsOpened},
		{"EachVisitorOpensOnce", eachVisitorOpensOnce},
		{"TheLastReaderEndsIt", theLastReaderEndsIt},
		{"OfAHundredAtOnceOneReads", ofAHundredAtOnceOneReads},
		{"CursorsNeitherRepeatNorSkip", cursorsNeitherRepeatNorSkip},
		{"APageIsFullThoughSomeWereEndedByHand", aPageIsFull},
		{"ATakenNameGivesTheNext", aTakenNameGivesTheNext},
		{"FiftyVisitorsAtOnceHaveFiftyNames", fiftyVisitorsHaveFiftyNames},
		{"AVoteCanBeTurnedAndTakenBack", aVoteCanBeTurned},
		{"AVoteOnAReplyMovesItsScoreAlone", aVoteOnAReply},
		{"VotesAtOnceAllCountOnce", votesAtOnceAllCountOnce},
		{"EndingAPostEndsItsReplies", endingAPostEndsItsReplies},
		{"EndingAReplyLeavesItsThread", endingAReplyLeavesItsThread},
		{"ALinkMakesOneAdmin", aLinkMakesOneAdmin},
		{"ASecondOwnerTakesThePlaceOfTheFirst", aSecondOwnerTakesThePlace},
		{"ACodeIsTakenOnce", aCodeIsTakenOnce},
		{"AChangedPassphraseEndsOtherSessions", aChangedPassphraseEndsOtherSessions},
		{"WhatLetsAnAdminInEnds", whatLetsAnAdminInEnds},
		{"AKeyIsReadBackAsItWasMade", aKeyIsReadBackAsItWasMade},
		{"ACodeLetsAsManyInAsItIsFor", aCodeLetsAsManyInAsItIsFor},
		{"ACodeEndsAndIsTakenBack", aCodeEndsAndIsTakenBack},
		{"ALockTakesThePlaceOfTheOneBefore", aLockTakesThePlaceOfTheOneBefore},
		{"SoManyNoticesAreTakenAndNoMore", soManyNoticesAreTaken},
		{"TheLogIsReadPageByPage", theLogIsReadPageByPage},
		{"OfAHundredEndsOneIsTold", ofAHundredEndsOneIsTold},
		{"TimeEndsAPostAtItsMillisecond", timeEndsAPostAtItsMillisecond},
		{"SilenceEndsAPostUnlessItIsHeard", silenceEndsAPost},
		{"ALowerCapShortensLives", aLowerCapShortensLives},
		{"TheCommunityLeavesATrace", theCommunityLeavesATrace},
		{"AnAuthorIsToldOfWhatAnAdminEnded", anAuthorIsTold},
		{"OwnedFindsAllThatLives", ownedFindsAllThatLives},
		{"ABurialLeavesTheLiving", aBurialLeavesTheLiving},
		{"WhatIsHeldOrHiddenStandsInNoList", whatIsHeldOrHiddenStandsInNoList},
		{"WhatIsReleasedStandsWhereItWas", whatIsReleasedStandsWhereItWas},
		{"AHeldReplyIsNotHeard", aHeldReplyIsNotHeard},
		{"StandingLengthensNoLife", standingLengthensNoLife},
		{"OfManyDecisionsOneIsMade", ofManyDecisionsOneIsMade},
		{"EnoughReportsHideAPost", enoughReportsHideAPost},
		{"AVisitorHasOneReport", aVisitorHasOneReport},
		{"WordsOfAReportAreProved", wordsOfAReportAreProved},
		{"TheQueueIsInItsOrder", theQueueIsInItsOrder},
		{"WhatWaitsEndsOnTime", whatWaitsEndsOnTime},
		{"AnAdminReadsAViewOncePostByItsReaders", anAdminReadsAViewOncePost},
		{"ALockedThreadTakesNoReplies", aLockedThreadTakesNoReplies},
		{"AShorterLifeIsNoLonger", aShorterLifeIsNoLonger},
		{"WhatAdminsDoIsLogged", whatAdminsDoIsLogged},
		{"SettingsAreKeptAndAudited", settingsAreKeptAndAudited},
		{"HomeIsTheFirstBoard", homeIsTheFirstBoard},
		{"ABoardIsAddedAndChanged", aBoardIsAddedAndChanged},
		{"AllOfABoardIsCounted", allOfABoardIsCounted},
		{"ABoardDiffersInItsSettings", aBoardDiffersInItsSettings},
		{"AClosingDateEndsABoardsPosts", aClosingDateEndsABoardsPosts},
		{"ABoardThatIsToEndHasClosed", aBoardThatIsToEndHasClosed},
		{"APostThatDoesNotFitItsBoardIsRefused", aPostThatDoesNotFitIsRefused},
		{"WhatLivesOnABoardIsCounted", whatLivesOnABoardIsCounted},
		{"AQuestionIsPlantedOnceAndStandsAside", aQuestionIsPlantedOnce},
		{"ANewSiteIsGreetedOnceAndAskedDaily", aNewSiteIsGreetedOnce},
		{"TheFirstChoicesAreMadeOnce", theFirstChoicesAreMadeOnce},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.test(&site{T: t, Engine: open(t), now: Start})
		})
	}
}

// site is an engine with a turned clock.
type site struct {
	*testing.T
	Engine
	now time.Time
}

// life is one of 30 days at most.
func (s *site) life(ttl time.Duration) board.Life {
	return board.NewLife(s.now, ttl, 0, 30*24*time.Hour)
}

func (s *site) post(body string, life board.Life) board.Post {
	s.Helper()
	return s.postBy(s.visitor(), body, life)
}

func (s *site) visitor() board.Visitor { return board.NewVisitor(s.now) }

func (s *site) postBy(v board.Visitor, body string, life board.Life) board.Post {
	s.Helper()
	p, key := NewPost(v, body, life)
	if _, err := s.InsertPost(s.Context(), p, key); err != nil {
		s.Fatalf("InsertPost: %v", err)
	}
	return p
}

func (s *site) reply(root board.Post, v board.Visitor, body string) (reply, after board.Post) {
	s.Helper()
	r, key, voice := NewReply(root, v, body)
	reply, after, err := s.InsertReply(s.Context(), r, key, voice, s.now)
	if err != nil {
		s.Fatalf("InsertReply: %v", err)
	}
	return reply, after
}

func (s *site) vote(p board.Post, v board.Visitor, vote board.Vote) board.Post {
	s.Helper()
	p, err := s.Vote(s.Context(), Ballot(p, v, vote), s.now)
	if err != nil {
		s.Fatalf("Vote: %v", err)
	}
	return p
}

// get reads a post that must be there.
func (s *site) get(id board.PostID) board.Post {
	s.Helper()
	p, err := s.Post(s.Context(), id, s.now)
	if err != nil {
		s.Fatalf("Post: %v", err)
	}
	return p
}

func (s *site) end(why board.Why, ids ...board.PostID) []board.Ending {
	s.Helper()
	ended, err := s.End(s.Context(), ids, why, s.now)
	if err != nil {
		s.Fatalf("End: %v", err)
	}
	return ended
}

// sweep does what a board.Sweeper does, and returns what ended.
func (s *site) sweep() []board.Ending {
	s.Helper()
	if err := s.Destroy(s.now); err != nil {
		s.Fatalf("Destroy: %v", err)
	}
	ended, err := s.Endings(s.Context(), s.now)
	if err != nil {
		s.Fatalf("Endings: %v", err)
	}
	if _, err := s.Bury(s.Context(), s.now); err != nil {
		s.Fatalf("Bury: %v", err)
	}
	if err := s.Scrub(s.Context()); err != nil {
		s.Fatalf("Scrub: %v", err)
	}
	return ended
}

func (s *site) feed(q board.Query) ([]board.Post, bool) {
	s.Helper()
	q.Board = board.Home
	posts, more, err := s.Feed(s.Context(), q, s.now)
	if err != nil {
		s.Fatalf("Feed: %v", err)
	}
	return posts, more
}

// look opens every door to a post that lives, so that whatever remembers answers
// remembers this one.
func (s *site) look(p board.Post) {
	s.Helper()
	s.get(p.ID)
	if _, _, err := s.Thread(s.Context(), p.ID, s.now); err != nil {
		s.Errorf("Thread: %v", err)
	}
	for _, sort := range board.Sorts {
		if posts, _ := s.feed(board.Query{Sort: sort, Limit: board.PageMax}); !contains(posts, p.ID) {
			s.Errorf("the feed (%s) does not show a post that lives", sort)
		}
	}
}

// isGone holds every door to a post to the one answer.
func (s *site) isGone(p board.Post) {
	s.Helper()
	ctx := s.Context()
	_, err := s.Post(ctx, p.ID, s.now)
	s.notFound("Post", err)
	_, _, err = s.Thread(ctx, p.ID, s.now)
	s.notFound("Thread", err)
	_, err = s.Secret(ctx, p.ID, s.now)
	s.notFound("Secret", err)
	_, err = s.Picture(ctx, p.ID, board.FullPart, s.now)
	s.notFound("Picture", err)
	_, err = s.Picture(ctx, p.ID, board.ThumbPart, s.now)
	s.notFound("Picture, small", err)
	_, err = s.Vote(ctx, Ballot(p, s.visitor(), board.Heart), s.now)
	s.notFound("Vote", err)
	r, key, voice := NewReply(p, s.visitor(), "too late")
	_, _, err = s.InsertReply(ctx, r, key, voice, s.now)
	s.notFound("InsertReply", err)
	for _, sort := range board.Sorts {
		posts, _ := s.feed(board.Query{Sort: sort, Limit: board.PageMax})
		if contains(posts, p.ID) {
			s.Errorf("the feed (%s) shows a post that is gone", sort)
		}
	}
	owned, err := s.Owned(ctx, func(o board.Post) bool { return o.ID == p.ID }, s.now)
	if err != nil || len(owned) > 0 {
		s.Errorf("Owned = %d posts, %v; want none", len(owned), err)
	}
	ended, err := s.End(ctx, []board.PostID{p.ID}, board.ByAuthor, s.now)
	if err != nil || len(ended) > 0 {
		s.Errorf("End of what is gone = %v, %v; want nothing", ended, err)
	}
}

// notFound wants the very error of what never was, so that nothing can be told
// from it.
func (s *site) notFound(what string, err error) {
	s.Helper()
	if !errors.Is(err, board.ErrNotFound) || err.Error() != board.ErrNotFound.Error() {
		s.Errorf("%s: error = %v, want %v", what, err, board.ErrNotFound)
	}
}

func contains(posts []board.Post, id board.PostID) bool {
	for _, p := range posts {
		if p.ID == id {
			return true
		}
	}
	return false
}

func ids(posts []board.Post) []board.PostID {
	list := make([]board.PostID, len(posts))
	for i, p := range posts {
		list[i] = p.ID
	}
	return list
}

// same wants two posts to be alike in all that a read gives.
func (s *site) same(what string, got, want board.Post) {
	s.Helper()
	got.Voice, want.Voice = board.Tag{}, board.Tag{} // only a birth carries it
	if want.Seq == 0 {
		got.Seq = 0
	}
	if got != want {
		s.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}
