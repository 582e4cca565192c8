// Package views draws what people see. A handler fills a view model of ready
// strings by its constructor, which takes the time, and gives it to a component;
// pages and sockets draw with the same components. It knows nothing of HTTP, SQL
// or sockets.
//
// What js/app.js may rely on stands beside the component that draws it; the
// sentences it shows are data attributes of #live (live.templ).
package views

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"mayfly/board"
	"mayfly/words"
)

// Visit is what every page needs of the request it answers.
type Visit struct {
	Words    *words.Printer
	Now      time.Time
	Settings board.Settings
	Board    board.Info
	Boards   []board.Info          // those that are open, home first
	Visitor  board.Visitor         // zero: nobody we know
	AgeSeen  string                // the age notice that was put away, or ""
	Theme    string                // "light", "dark", or "" for the system's
	Path     string                // path and query of this page, where its forms come back to
	Reload   int                   // seconds after which the page reloads itself; 0: never
	Rising   []board.Rising        // tags of this board
	Opened   map[board.PostID]bool // view-once posts that the visitor has opened
	Here     string                // about how many read along; "" when that is not to be told
	Notices  []board.Notice        // of what an admin removed that the visitor wrote
	Clear    bool                  // it comes in the clear, for want of a certificate
	// Drawn gives articles of a page that is drawn for nobody in particular; nil: it is
	// drawn for its visitor.
	Drawn func(Article) templ.Component
}

// Page is what surrounds every page.
type Page struct {
	Words  *words.Printer
	Name   string // feed, thread, write, you, about, report, problem: data-page of the body
	Title  string
	Site   string // what the whole site is called
	Theme  string
	Home   string // the way back to the board
	Search string // the way to search it
	Write  string // the way to the composer of the same board
	// Boards are where else there is to read; none where there is one board alone.
	Boards []Tab
	// Chats says whether authors may be asked in private on this board.
	Chats bool
	// Circles says whether there is a way to make one.
	Circles bool
	Entry   string // the entry of the navigation that this page is: stream, search, boards, write, you, about
	Live    Live   // zero: nothing happens on this page by itself
	// Preview is what other programs show of a link to it; nil: what they find.
	Preview *Preview
	Share   string // where its link is shared; "": nowhere
	// Script is what this kind of page loads beside js/app.js, "" for nothing.
	Script string
	// Proven is a script that comes first and runs as it was proven to be, "" for none, and
	// Proof what its tag says.
	Proven, Proof string
	// Style is the style sheet that it loads beside css/app.css, "" for none.
	Style string
	// Manifest is what a phone's home screen is told of it, "" for app.webmanifest.
	Manifest string
	Vanish   int // the score at which a post is gone
	Crowd    int // no count of arrivals below it is told
	// Told marks the way to the you page: something there has not been read; "": nothing.
	Told string
	// Age says from which age on the board is meant to be read, AgeFrom is that age, and
	// Path this page; "" where nothing is to be said.
	Age, AgeFrom, Path string
	// Clear says that it comes in the clear; "": it does not, or nobody could mend it.
	Clear string
	// Footless is a page from which nothing may lead on.
	Footless bool
	// Back, BarTitle and BarSub make a bar with a way back, and no dock.
	Back, BarTitle, BarSub string
	// Reload is the seconds after which the page loads itself anew, 0 for never.
	Reload int
	// ReloadHref starts (or, when it runs, stops) the reloading; "" where nothing
	// on the page grows old.
	ReloadHref string
}

// Live is what a page listens to.
type Live struct {
	Socket string // where the socket is
	Again  string // where the page asks for the difference
	At     string // the counter it was drawn at
}

// Aside is what stands beside the stream.
type Aside struct {
	Board   string
	Here    string // "About 20 here", or ""
	Lasting string // how long posts last
	Rising  []Pill // tags
	Closes  string // when the board closes, "" for never
	Know    Know
}

// Pill is a short link with a number.
type Pill struct {
	Text, Href string
	N          string
	Current    bool
}

// Know says in two sentences what is known about the reader.
type Know struct{ Bold, Rest string }

// Feed is a page of a board.
type Feed struct {
	Page
	Aside
	Rules    []Span // of the board; none: it has none
	Closing  *Closing
	Tabs     []Tab
	Order    string // data-order of the list: new, hot, fading or top
	Later    bool   // not the first page: nothing is born on it
	Composer Composer
	Prompts  []templ.Component // articles
	Posts    []templ.Component
	Tombs    []Tomb
	Removed  string // stands for the tombs where they are many
	Next     string // the way to older posts, "" when there are none
	NextText string
}

// Found is a page of what was asked for: by words, by a tag, at a place.
type Found struct {
	Feed
	Words  string // as they were typed
	Slug   string // of the board that is searched
	Terms  string // what an article must hold to be of interest, folded by lower case
	Title  string // "Library": of a place
	Count  string // "31 posts alive"
	Tags   []Pill // those that rise, and stand here rather than beside
	Places []Pill
	Err    string
	Asked  bool // something was asked for

	Reading string // what may be missing; "": nothing
}

// Tab is one order of a feed.
type Tab struct {
	Text, Href string
	Current    bool
}

// Listing is what a feed page is drawn from.
type Listing struct {
	Sort    board.Sort
	Prompts []board.Post // the host's, for the first page only
	Posts   []board.Post
	Votes   map[board.PostID]board.Vote // the visitor's own
	Traces  []board.Trace               // for the first page only
	From    string                      // the cursor it begins after; "": from the top
	Next    string                      // the cursor of the next page; "": it is the last
	At      uint64                      // the board's counter, read before the posts
	Narrow  board.Narrow
	Count   int  // of all pages of a narrowed feed, at most board.CountMax + 1
	Reading bool // what was alive before the start is still being read
}

// Alike is a page of posts that say nearly the same.
type Alike struct {
	Page
	Heading string // "14 posts that say nearly the same"
	Posts   []Post
}

// Write is the page of the composer.
type Write struct {
	Page
	Aside
	Composer Composer
}

// Thread is a post with its replies.
type Thread struct {
	Page
	Aside
	Heading string // "Thread by Teal Heron"
	Post    Post
	Replies []Post
	Form    ReplyForm
	You     *Name  // who the reader is in this thread, if anybody
	Key     string // the owner key of the post, for its author alone
	Link    string // the post's address, to be passed on
	Came    string // how many came by it, for its author alone; "": too few to say
	Hidden  bool   // the post is unlisted
	Locked  bool   // no more replies are taken
	Closing *Closing
	Asks    string // what leads to the private chats; "": there are none
	Chat    string
	Remove  string // where an owner key is sent
}

// Talk is what a thread page is drawn from.
type Talk struct {
	Post    board.Post
	Replies []board.Post
	Votes   map[board.PostID]board.Vote // the visitor's own
	URL     string                      // absolute
	At      uint64                      // the thread's counter, read before the posts
	Given   Given                       // words of a reply that was refused
	Err     *board.Error                // why it was
}

// Given is what a form was sent with, as it was sent: to give it back.
type Given struct {
	Body, TTL, Silence string
	To                 string // of a reply: the id of the one it answers
	Warning, Backdrop  string
	Place              string
	Unlisted, ViewOnce bool
	ChatKey, ChatToken string // how its author can be asked in private
	Readers            int    // 0: every visitor may open it
	Alt                string
	Confirm            bool   // asked whether it gives somebody away, they meant it
	HadPicture         bool   // a picture came with it, which no form can give back
	Ticket             string // of the waiting room
}

// Choice is one radio button.
type Choice struct {
	Value, Text string
	Chosen      bool
}

// Composer is the form that publishes a post. Its own answer replaces it.
type Composer struct {
	Words    *words.Printer
	Action   string
	Body     string
	Size     string // how the words are set on a card: see cardSize
	Limits   Limits
	Pace     Pace
	Photo    *Photo   // nil: there are no pictures here
	Moods    []Mood   // none: there are no cards here
	Plain    bool     // no backdrop is chosen
	Silences []Choice // none: there is nothing to choose
	Warning  string
	Places   []Place // the first is nowhere; none: there is nothing to choose
	MayHide  bool    // posts may be unlisted here
	Unlisted bool
	MayAsk   bool // authors may let themselves be asked in private here
	Asks     bool
	MayOnce  bool // posts may be viewed once here
	ViewOnce bool
	Readers  string // how many may open it; "": everybody
	Know     Know
	Wait     int    // seconds until it may be sent again, 0: now
	Ticket   string // of the waiting room, "": none is needed
	Err      string // what is wrong with all of it
	Nudge    string // the host's line above the button
	Rules    bool   // there are some to be read
	Sure     Sure

	AsksErr string

	BodyErr, PictureErr, BackdropErr, QuietErr, WarningErr, PlaceErr, UnlistedErr, OnceErr, ReadersErr string
}

// Photo is the part of the composer that takes a picture.
type Photo struct {
	Alt    string
	Lost   bool // one came before, and has to be chosen again
	Err    string
	AltErr string
}

// Place is one to choose; At is where it lies, for the browser alone: "45.46/9.19".
type Place struct {
	Choice
	At string
}

// Mood is a group of backdrops to choose from; their values are their names.
type Mood struct {
	Text      string
	Backdrops []Choice
}

// Pace is the line above a form where writing is not as usual; "" where it is.
type Pace struct {
	Text     string
	ReadOnly bool // nobody writes: the line stands for the form
}

// Limits are the rules of writing, which may change while a page is open.
type Limits struct {
	Words  *words.Printer
	Max    int // characters
	TTLs   []Choice
	Votes  string // what hearts and downs do to a life, "" for nothing
	TTLErr string
}

// ReplyForm is the form that answers in a thread. Its own answer replaces it.
type ReplyForm struct {
	Words   *words.Printer
	Action  string
	Body    string
	Max     int
	Pace    Pace
	As      *Name   // who the reader is in this thread, if anybody yet
	To      *Answer // the reply that is answered; nil: the post
	Back    string  // where the post is answered instead
	Label   string  // "Reply as Olive Crane"
	Wait    int
	Err     string
	BodyErr string
	ToErr   string
	Nudge   string // the host's line above the button
	Sure    Sure
}

// Care is the card for an author who may be in danger.
type Care struct {
	Title string
	Text  []Span
	Rest  string
}

// Sure asks an author whether they mean what may give somebody away.
type Sure struct{ Asked, Meant bool }

// You is the page that says what is known about its reader.
type You struct {
	Page
	Lead      string
	Facts     []Fact
	Cookie    bool // there is one
	Session   bool // it goes with the browser's session
	Posts     []Yours
	Removed   []string // what an admin removed, and why
	Languages []Choice
	Themes    []Choice
	Back      string
	Promises  []string
	Doors     []Passed
	Device    []string // what the browser keeps
}

// Fact is one thing, and what is known of it.
type Fact struct{ Term, Text, More string }

// Yours is something alive that the reader wrote.
type Yours struct {
	By       Name
	Board    string // where it stands, "" where there is one board alone
	Unlisted string // "Unlisted"
	Apart    string // why nobody else sees it, "" if they do
	Excerpt  string
	Href     string
	Left     string
	ISO      string
	Drop     string // where the remove button leads
	DropText string
	Key      string
}

// Known is what the you page is drawn from.
type Known struct {
	Posts []board.Post // all that the visitor wrote and is alive
	Doors []board.Info // the boards whose door they came through
	Lang  string       // the language they chose, "" if they chose none

	SignedIn, Device bool // the two cookies that only admins get are there
}

// About is the page that says what this place is.
type About struct {
	Page
	Aside
	Note     []Span // the host's own words about it; none: it says nothing
	Contact  []Span // how the host is reached
	Sections []Section
	Rules    []Rules
	Limits   []Fact
}

// Rules are those of one board.
type Rules struct {
	Board string
	Text  []Span
}

// Section is a heading with paragraphs.
type Section struct {
	Heading    string
	Paragraphs []string
}

// Forgotten is what is left after Forget me.
type Forgotten struct {
	Page
	Text string
}

// Problem is the page of a refusal.
type Problem struct {
	Page
	Heading  string
	Code     string // the status, as people see it
	Text     string // what was wrong
	Fields   []string
	Help     string // what would do
	Wait     int    // seconds, 0: no use in waiting
	WaitIn   string // the same, as a life
	Again    *Again
	Link     string // where to go on, "" for nowhere
	LinkText string
}

// Again is what was sent, to be sent once more.
type Again struct {
	Action string
	Body   string   // words given back to be changed; "" where there were none
	Max    int      // characters they may have
	Hidden []Hidden // what else was sent
}

// Hidden is a field that is sent again unseen.
type Hidden struct{ Name, Value string }

// Post is a post or reply as every reader sees it; For adds what one of them
// alone sees.
type Post struct {
	ID    string
	Reply bool
	By    Name
	name  board.Name
	Clock string // what else ends it
	Code  string // of its link when it is passed on
	Text  []Span
	Long  bool

	Warning string // stands before the words, which are shown on tap
	// WarningLabel is "Warning:", for who does not see the sign; Show and Hide are
	// what opening does.
	WarningLabel, Show, Hide string
	Backdrop                 string // makes it a card
	Size                     string // of a card: see cardSize
	Picture                  *Picture
	Unlisted                 string // "Unlisted"
	Place, PlaceHref         string // where it is from, and what else is

	Left, Span string // seconds
	LeftText   string // "3 h 12 min left"
	ISO        string // PT3H12M
	Percent    string // of its span that is left
	Dying      bool   // its last minute
	Saves      bool   // a heart would lengthen it in its last minute

	Hearts     int
	Score      int
	Replies    int
	HeartLabel string
	DownLabel  string
	ReplyLabel string
	Gift       string // "+10 min", what a heart gives it
	Low        string // "At −3. Two more and it goes."
	Rescue     string // "A heart still saves it"

	Alike string // "and 14 like it": what is folded under it; "" for nothing

	Once string // "View once"
	Seal *Seal  // stands for the words of a view-once post; nil: they are there

	Opener string // "wrote this": a reply by who wrote the post

	Prompt  string // "Question of the host": the host speaks, and By is nobody
	Answer  string // "Answer it"
	Welcome bool   // it asks nothing
	// Of a reply: its thread, the number of its name there, and what it answers.
	Thread  string
	Voice   string
	answers bool
	To      *Answer
	// QuoteLabel and SelfLabel are what the links to answer it, and to itself, are called.
	QuoteLabel, SelfLabel string

	Apart  string // of what its author alone sees: why; "": everybody does
	Short  string // said to its author when a filter cut its life short
	Care   *Care  // shown to its author
	Unseen *Tomb  // stands for what is hidden from its reader; nil: it is there

	Mine bool
	You  string // "you"
	Drop string // the label of the remove button
	// Report is what the way to report it is called; "": nobody can.
	Report string
	Staff  bool // an admin speaks, and By is nobody
	Vote   board.Vote
}

// Picture is what a post shows beside its words, or in place of them.
type Picture struct {
	Src           string
	Href          string // where it leads; "" for nowhere
	Alt           string // never empty
	Width, Height string // of the whole picture: what it takes is known before it is there
	Colour        string // stands in its place until then
	Show, Hide    string // what tapping does to one that is shown on tap; "": it is shown at once
}

// Name is a pseudonym as people see it.
type Name struct {
	Text                string // Teal Heron
	Hue                 string // the class of its colour
	Upper, Lower, Torso string // parts of the sprite
}

// Tomb is the wordless line that stands where the community ended a post, or where
// one is hidden.
type Tomb struct {
	ID   string
	Left string // seconds it still stands; "": as long as it has to
	Why  string
	Bold string
	Rest string

	// Next stands for what was folded under it, to which Alike leads; "": nothing was.
	Next, AlikeHref, Alike string
}

// Gone tells an open page that something ended.
type Gone struct {
	ID     string
	Why    string
	Reason string // an admin's, of what an admin removed
	Tomb   *Tomb
}

// seconds writes a time for data-left and the like: tenths, rounded up, so that
// nothing leaves a page before it has ended.
func seconds(d time.Duration) string {
	tenths := (d.Milliseconds() + 99) / 100
	return strconv.FormatFloat(float64(max(0, tenths))/10, 'f', -1, 64)
}
