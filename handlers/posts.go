package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/live"
	"mayfly/views"
)

// feedPage shows a board.
func (s *Server) feedPage(w http.ResponseWriter, r *http.Request) error {
	q, err := s.feedQuery(r)
	if err != nil {
		return err
	}
	if q.Narrow != (board.Narrow{}) {
		return s.answerFound(w, r, q)
	}
	topic := live.OfBoard(q.Board)
	at := s.hub.Counter(topic) // before the posts: what happens between is asked for again
	posts, next, err := s.board.Feed(r.Context(), q)
	if err != nil {
		return err
	}
	list := views.Listing{
		Sort: q.Sort, Posts: posts, At: at,
		From: r.URL.Query().Get("cursor"), Next: s.cursors.format(feedName(q), next),
	}
	if list.From == "" {
		if list.Prompts, err = s.board.Prompts(r.Context(), q.Board); err != nil {
			return err
		}
		if list.Traces, err = s.board.Traces(r.Context(), q.Board); err != nil {
			return err
		}
	}
	v, err := s.visit(w, r, q.Board)
	if err != nil {
		return err
	}
	if list.Votes, err = s.marks(r, &v, append(list.Prompts, posts...)); err != nil {
		return err
	}
	s.lastsUntil(r, v, list.Traces, list.Prompts, posts)
	v.Here = roundCrowd(s.hub.Count(topic), v.Settings.K)
	return answerHTML(w, r, http.StatusOK, views.FeedPage(views.NewFeed(v, list)))
}

// threadPage shows a post with its replies. A reply's own address leads to it in
// its thread.
func (s *Server) threadPage(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := s.board.Post(r.Context(), id, s.visitor(r))
	if err != nil {
		return err
	}
	code := r.URL.Query().Get("s")
	if code != "" {
		s.arrived(r, p, code)
	}
	if p.IsReply() || code != "" {
		http.Redirect(w, r, postURL(p), http.StatusSeeOther)
		return nil
	}
	return s.answerThread(w, r, p.Board, id, http.StatusOK, views.Given{To: r.URL.Query().Get("to")}, nil)
}

// arrived counts that r came by a link that was passed on. The page that follows has an
// address without the code: what is loaded again, kept or copied counts nothing.
func (s *Server) arrived(r *http.Request, p board.Post, code string) {
	v := s.visitor(r)
	if r.Method != http.MethodGet || !p.CameBy(code, v) || !s.navigates(r) || !s.gate.Arrival(s.caller(r, v), p.Thread) {
		return
	}
	if err := s.board.Arrived(r.Context(), p); err != nil {
		s.log.ErrorContext(r.Context(), "an arrival was not counted", "err", err)
	}
}

// navigates says whether r is somebody's browser on its way to a page. A program that
// draws previews of links is none; without TLS no browser says what it is about.
func (s *Server) navigates(r *http.Request) bool {
	if dest := r.Header.Get("Sec-Fetch-Dest"); dest != "" {
		return dest == "document"
	}
	return !s.secure(r)
}

// readable is a post or reply that r's visitor may read. Of one that is hidden from
// them there is nothing to be had.
func (s *Server) readable(r *http.Request, id board.PostID) (board.Post, error) {
	p, err := s.board.Post(r.Context(), id, s.visitor(r))
	if err == nil && p.Veiled {
		return board.Post{}, board.ErrHidden
	}
	return p, err
}

// sharePage shows the address of a post or reply as a QR code.
func (s *Server) sharePage(w http.ResponseWriter, r *http.Request) error {
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := s.readable(r, id)
	if err != nil {
		return err
	}
	v, err := s.visit(w, r, p.Board)
	if err != nil {
		return err
	}
	share, err := views.NewShare(v, p, s.origin(r)+"/p/"+id.String())
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.SharePage(share))
}

// answerThread shows a thread of a board; a reply that was refused comes back in
// its form.
func (s *Server) answerThread(w http.ResponseWriter, r *http.Request, slug string, id board.PostID, status int, given views.Given, refused *board.Error) error {
	talk := views.Talk{At: s.hub.Counter(live.OfThread(slug, id)), Given: given, Err: refused}
	var err error
	if talk.Post, talk.Replies, err = s.readThread(r, id); err != nil {
		return err
	}
	v, err := s.visit(w, r, talk.Post.Board)
	if err != nil {
		return err
	}
	if talk.Votes, err = s.marks(r, &v, append([]board.Post{talk.Post}, talk.Replies...)); err != nil {
		return err
	}
	v.Path = "/p/" + id.String()
	talk.URL = s.origin(r) + v.Path
	s.lastsUntil(r, v, nil, []board.Post{talk.Post})
	return answerHTML(w, r, status, views.ThreadPage(views.NewThread(v, talk)))
}

// readThread is a thread as r's visitor may read it, unless its post is hidden from
// them.
func (s *Server) readThread(r *http.Request, id board.PostID) (board.Post, []board.Post, error) {
	root, replies, err := s.board.Thread(r.Context(), id, s.visitor(r))
	if err == nil && root.Veiled {
		err = board.ErrHidden
	}
	return root, replies, err
}

// liveState answers what a page that comes back asks for: the posts as they are.
func (s *Server) liveState(w http.ResponseWriter, r *http.Request) error {
	topic, err := s.topic(r)
	if err != nil {
		return err
	}
	at := s.hub.Counter(topic)
	if r.URL.Query().Has("post") {
		id, err := board.ParsePostID(r.URL.Query().Get("post"))
		if err != nil {
			return err
		}
		return s.threadState(w, r, id, at)
	}
	q, err := s.feedQuery(r)
	if err != nil {
		return err
	}
	q.Limit = stateSize(q, r.URL.Query().Get("n"))
	posts, _, err := s.seek(r, q)
	if err != nil {
		return err
	}
	if q.After == (board.Cursor{}) && q.Narrow == (board.Narrow{}) {
		prompts, err := s.board.Prompts(r.Context(), q.Board)
		if err != nil {
			return err
		}
		posts = append(prompts, posts...)
	}
	v, err := s.visit(w, r, q.Board)
	if err != nil {
		return err
	}
	votes, err := s.marks(r, &v, posts)
	if err != nil {
		return err
	}
	var traces []board.Trace
	if q.Narrow == (board.Narrow{}) {
		if traces, err = s.board.Traces(r.Context(), q.Board); err != nil {
			return err
		}
	}
	return answerHTML(w, r, http.StatusOK, views.State(views.NewPosts(v, posts, votes), at, views.NewTombs(v, traces)...))
}

// stateSize is how many posts a page gets that comes back with n shown: room for a
// page of births before those, and in an order that votes move, for all that may
// have sunk. What it does not get has left, as far as it knows.
func stateSize(q board.Query, n string) int {
	shown, err := strconv.Atoi(n)
	if err != nil || q.Sort != board.ByBirth {
		return board.PageMax
	}
	return max(0, min(shown, board.PageMax)) + board.PageSize
}

func (s *Server) threadState(w http.ResponseWriter, r *http.Request, id board.PostID, at uint64) error {
	root, replies, err := s.readThread(r, id)
	if err != nil {
		return err
	}
	v, err := s.visit(w, r, root.Board)
	if err != nil {
		return err
	}
	votes, err := s.marks(r, &v, append([]board.Post{root}, replies...))
	if err != nil {
		return err
	}
	all := append(views.NewPosts(v, []board.Post{root}, votes), views.NewReplies(v, root, replies, votes)...)
	return answerHTML(w, r, http.StatusOK, views.State(all, at))
}

// marks finds what v has done with posts: opened, which v is told, and voted.
func (s *Server) marks(r *http.Request, v *views.Visit, posts []board.Post) (map[board.PostID]board.Vote, error) {
	if sheetOf(r) != nil { // who is nobody in particular
		return nil, nil
	}
	var err error
	if v.Opened, err = s.board.Opened(r.Context(), v.Visitor, posts); err != nil {
		return nil, err
	}
	return s.board.Votes(r.Context(), v.Visitor, posts)
}

// writePage is the composer by itself; ?board= says for which board.
func (s *Server) writePage(w http.ResponseWriter, r *http.Request) error {
	slug := r.URL.Query().Get("board")
	if slug == "" {
		slug = board.Home
	}
	v, err := s.visit(w, r, slug)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.WritePage(views.NewWrite(v, views.Given{}, nil)))
}

// createPost takes the composer's form. A page hears of its post by socket like
// everybody's, so a form sent by script gets the emptied form back.
func (s *Server) createPost(w http.ResponseWriter, r *http.Request) error {
	slug := r.PathValue("board")
	form, err := s.readSent(w, r)
	defer form.release()
	given := givenIn(form)
	if err != nil {
		r, cancel := outlasting(r)
		defer cancel()
		return s.refusePost(w, r, slug, given, err)
	}
	p, author, err := s.publishPost(w, r, slug, given, form)
	if err != nil {
		return s.refusePost(w, r, slug, given, err)
	}
	if !fromScript(r) {
		http.Redirect(w, r, whereShown(p), http.StatusSeeOther)
		return nil
	}
	v, err := s.visit(w, r, slug)
	if err != nil {
		return err
	}
	v.Visitor = author // this answer brings them their cookie
	tellOfOwn(w, p)
	return answerHTML(w, r, http.StatusOK, views.ComposerForm(views.NewComposer(v, views.Given{}, nil)))
}

// givenIn is what was written into the composer.
func givenIn(f *sent) views.Given {
	return views.Given{
		Body: f.Get("body"), TTL: f.Get("ttl"), Silence: f.Get("silence"),
		Warning: f.Get("warning"), Backdrop: f.Get("backdrop"), Place: f.Get("place"), Unlisted: f.Get("unlisted") != "",
		ViewOnce: f.Get("view_once") != "", Readers: readers(f.Get("readers")),
		ChatKey: f.Get("chat_key"), ChatToken: f.Get("chat_token"),
		Confirm: f.Get("confirm") != "", Alt: f.Get("alt"), HadPicture: f.picture.came,
	}
}

// readers reads how many may open a view-once post: "" is all of them, and what
// is no number is too many for any board.
func readers(text string) int {
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// tellOfOwn tells a script the id of what it has published, and of what no socket will
// bring, or with a line for its author alone, where it is.
func tellOfOwn(w http.ResponseWriter, p board.Post) {
	w.Header().Set("Mayfly-Post", p.ID.String())
	if (p.Unlisted || p.Folded != (board.PostID{})) && !p.IsReply() || !p.InSight() || p.Care || p.Short {
		w.Header().Set("Mayfly-Goto", postURL(p))
	}
}

// whereShown is where its author sees a new post: on its board or, when it stands
// on none or there is something to say to them, at its own address.
func whereShown(p board.Post) string {
	if p.Unlisted || p.Folded != (board.PostID{}) || !p.InSight() || p.Care || p.Short {
		return postURL(p)
	}
	return boardURL(p.Board) + "#p-" + p.ID.String()
}

func (s *Server) publishPost(w http.ResponseWriter, r *http.Request, slug string, given views.Given, form *sent) (board.Post, board.Visitor, error) {
	d, err := form.draft(s, fieldsOf(given))
	if err != nil {
		return board.Post{}, board.Visitor{}, err
	}
	v, err := form.writer(s, r, slug)
	if err != nil {
		return board.Post{}, v, err
	}
	p, _, err := s.board.Create(r.Context(), slug, v, d)
	if err == nil {
		s.written(w, r, v, p)
	}
	return p, v, err
}

// refusePost gives the words back in the form they came in, with what was wrong.
func (s *Server) refusePost(w http.ResponseWriter, r *http.Request, slug string, given views.Given, err error) error {
	if given.HadPicture && waits(r, err) {
		given.Ticket, err = s.ticket(err) // the waiting room can hold no file
	}
	refused, status, ok := s.refuse(w, r, err)
	if !ok {
		return s.giveBack(w, r, err, given)
	}
	v, verr := s.visit(w, r, slug)
	if verr != nil {
		return err
	}
	if fromScript(r) {
		return answerHTML(w, r, status, views.ComposerForm(views.NewComposer(v, given, refused)))
	}
	return answerHTML(w, r, status, views.WritePage(views.NewWrite(v, given, refused)))
}

// createReply takes a thread's form.
func (s *Server) createReply(w http.ResponseWriter, r *http.Request) error {
	slow := readWordsForm(w, r)
	given := views.Given{Body: r.PostForm.Get("body"), To: r.PostForm.Get("to"), Confirm: r.PostForm.Get("confirm") != ""}
	if slow != nil {
		r, cancel := outlasting(r)
		defer cancel()
		if given.Body == "" {
			s.fail(w, r, slow)
			return nil
		}
		s.failWith(w, r, slow, &views.Again{Action: r.URL.Path, Body: given.Body, Hidden: []views.Hidden{{Name: "to", Value: given.To}}})
		return nil
	}
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return s.giveBack(w, r, err, given)
	}
	p, err := s.publishReply(w, r, id, given)
	if err != nil {
		return s.refuseReply(w, r, id, given, err)
	}
	if !fromScript(r) {
		http.Redirect(w, r, postURL(p), http.StatusSeeOther)
		return nil
	}
	tellOfOwn(w, p)
	return s.answerReplyForm(w, r, id, http.StatusOK, &p.Name, views.Given{}, nil)
}

func (s *Server) publishReply(w http.ResponseWriter, r *http.Request, id board.PostID, given views.Given) (board.Post, error) {
	to, err := parseAnswered(given.To)
	if err != nil {
		return board.Post{}, err
	}
	v, err := s.writer(r, s.boardOf(r, id), limit.Reply)
	if err != nil {
		return board.Post{}, err
	}
	p, _, err := s.board.Reply(r.Context(), id, v, board.Draft{Body: given.Body, To: to, Confirm: given.Confirm})
	if err == nil {
		s.written(w, r, v, p)
	}
	return p, err
}

func (s *Server) refuseReply(w http.ResponseWriter, r *http.Request, id board.PostID, given views.Given, err error) error {
	refused, status, ok := s.refuse(w, r, err)
	if !ok {
		return s.giveBack(w, r, err, given)
	}
	if !fromScript(r) {
		return s.answerThread(w, r, s.boardOf(r, id), id, status, given, refused)
	}
	return s.answerReplyForm(w, r, id, status, nil, given, refused)
}

// answerReplyForm sends the form alone, to somebody called as in this thread if
// they have spoken before.
func (s *Server) answerReplyForm(w http.ResponseWriter, r *http.Request, id board.PostID, status int, as *board.Name, given views.Given, refused *board.Error) error {
	root, replies, err := s.readThread(r, id)
	if err != nil {
		return err
	}
	if as == nil {
		as = nameOf(s.visitor(r), root, replies)
	}
	v, err := s.visit(w, r, root.Board)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.TalkForm(views.NewReplyForm(v, views.Talk{Post: root, Replies: replies, Given: given, Err: refused}, as)))
}

// nameOf is who v is in a thread, if v has spoken there.
func nameOf(v board.Visitor, root board.Post, replies []board.Post) *board.Name {
	if root.OwnedBy(v) {
		return &root.Name
	}
	for i := range replies {
		if replies[i].OwnedBy(v) {
			return &replies[i].Name
		}
	}
	return nil
}

// refuse is a refusal that a form can show beside the words it gives back.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) (*board.Error, int, bool) {
	if e, ok := errors.AsType[*httpError](err); ok {
		return &board.Error{Kind: board.Invalid, Code: e.code}, e.status, true
	}
	e, ok := errors.AsType[*board.Error](err)
	if !ok || e.Kind == board.NotFound || e.Kind == board.Closed || e.Kind == board.Internal || e.Kind == board.Shut || e.Kind == board.Outside || e.Kind == board.Shuttered || waits(r, err) {
		return nil, 0, false
	}
	ref := refusalOf(err)
	ref.headers(w.Header())
	if ref.ours() {
		s.logFailure(r, err)
	}
	return e, ref.status, true
}

// vote takes a heart, a down, or takes either back.
func (s *Server) vote(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	word := r.PostForm.Get("vote")
	p, vote, err := s.castVote(w, r, word)
	if err != nil {
		return s.offerAgain(w, r, err, &views.Again{Action: r.URL.Path, Hidden: []views.Hidden{{Name: "vote", Value: word}}})
	}
	if !fromScript(r) {
		http.Redirect(w, r, s.backTo(r, p), http.StatusSeeOther)
		return nil
	}
	shown := views.NewPost(s.printer(r), p, s.settings(p.Board), s.board.Now()).For(p.OwnedBy(s.visitor(r)), vote)
	return answerHTML(w, r, http.StatusOK, views.Changed(shown))
}

// castVote meters and casts one vote.
func (s *Server) castVote(w http.ResponseWriter, r *http.Request, word string) (board.Post, board.Vote, error) {
	vote, err := board.ParseVote(word)
	if err != nil {
		return board.Post{}, vote, err
	}
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return board.Post{}, vote, err
	}
	v, err := s.writer(r, s.boardOf(r, id), limit.Vote)
	if err != nil {
		return board.Post{}, vote, err
	}
	if err := s.gate.FreshVote(s.caller(r, v), s.boardOf(r, id), id, vote); err != nil {
		return board.Post{}, vote, err
	}
	p, err := s.board.Vote(r.Context(), id, v, vote)
	if err == nil {
		s.keepVisitor(w, r, v)
	}
	return p, vote, err
}

// endPost ends a post or reply for its author, by cookie or by owner key.
func (s *Server) endPost(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(r); err != nil {
		return err
	}
	if err := s.meter(r); err != nil {
		return err
	}
	id, err := board.ParsePostID(r.PathValue("id"))
	if err != nil {
		return err
	}
	p, err := s.board.Any(r.Context(), id)
	if err != nil && !errors.Is(err, board.ErrNotFound) { // it may be theirs, behind a door
		return err
	}
	if key := r.PostForm.Get("owner_key"); key != "" {
		err = s.endWithKey(r, id, key)
	} else {
		err = s.board.EndAsVisitor(r.Context(), id, s.visitor(r))
	}
	if err != nil {
		return err
	}
	to := boardURL(p.Board)
	switch {
	case p.Board == "":
		to = "/you"
	case p.IsReply():
		to = "/p/" + p.Thread.String()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (s *Server) endWithKey(r *http.Request, id board.PostID, text string) error {
	key, err := board.ParseOwnerKey(text)
	if err != nil {
		return err
	}
	return s.board.EndWithKey(r.Context(), id, key)
}

// boardURL is where people read a board.
func boardURL(slug string) string {
	if slug == board.Home {
		return "/"
	}
	return "/b/" + url.PathEscape(slug)
}

// backTo is the page a vote was cast on, at the post. A refusal that was sent again
// is no page to return to.
func (s *Server) backTo(r *http.Request, p board.Post) string {
	back := "/p/" + p.Thread.String()
	if from, err := url.Parse(r.Referer()); err == nil && from.Host == r.Host && from.Path != r.URL.Path {
		back = localPath(from.RequestURI())
	}
	return back + "#p-" + p.ID.String()
}
