package handlers

import (
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/static"
)

// route is one line of the surface.
type route struct {
	pattern string
	handler http.Handler
}

// routes is the whole surface.
func (s *Server) routes() []route {
	return []route{
		{"GET /{$}", s.sharedFeed(s.feedPage)},
		{"GET /b/{board}", s.sharedFeed(s.feedPage)},
		{"GET /boards", s.page(s.boardsPage)},
		{"GET /p/{id}", s.sharedPage(s.threadPage)},
		{"GET /p/{id}/picture", s.handle(s.picture(board.FullPart))},
		{"GET /p/{id}/thumb", s.handle(s.picture(board.ThumbPart))},
		{"GET /p/{id}/alike", s.page(s.alikePage)},
		{"GET /p/{id}/qr", s.page(s.sharePage)},
		{"GET /p/{id}/report", s.page(s.reportPage)},
		{"GET /reported", s.page(s.reportedPage)},
		{"GET /log", s.page(s.actsPage)},
		{"GET /write", s.page(s.writePage)},
		{"GET /search", s.page(s.searchPage)},
		{"GET /places/{place}", s.page(s.placePage)},
		{"GET /you", s.page(s.youPage)},
		{"GET /about", s.page(s.aboutPage)},
		{"GET /forgotten", s.page(s.forgottenPage)},
		{"GET /contact", s.page(s.contactPage)},
		{"GET /terms", s.page(s.termsPage)},
		{"GET /privacy", s.page(s.privacyPage)},
		{"GET /notice", s.page(s.claimPage)},
		{"POST /notice", s.handle(s.sendClaim)},
		{"GET /notice/{number}", s.page(s.receiptPage)},

		{"GET /b/{board}/door", s.page(s.doorPage)},
		{"POST /b/{board}/door", s.handle(s.enterBoard)},
		{"POST /b/{board}/door/leave", s.handle(s.leaveBoard)},
		{"POST /b/{board}/posts", s.handle(s.createPost)},
		{"POST /p/{id}/replies", s.handle(s.createReply)},
		{"POST /p/{id}/vote", s.handle(s.vote)},
		{"POST /p/{id}/open", s.handle(s.openPost)},
		{"POST /p/{id}/report", s.handle(s.report)},
		{"POST /p/{id}/delete", s.handle(s.endPost)},
		{"POST /new-me", s.handle(s.newMe)},
		{"POST /forget", s.handle(s.forget)},
		{"POST /you/session", s.handle(s.keepForSession)},
		{"POST /you/heard", s.handle(s.heard)},
		{"POST /look", s.handle(s.chooseLook)},

		{"GET /admin", s.page(s.admin(s.firstAdminPage))},
		{"GET /admin/setup", s.page(s.setupPage)},
		{"POST /admin/setup", s.handle(s.setup)},
		{"GET /admin/start", s.page(s.admin(s.startPage))},
		{"POST /admin/start/board", s.handle(s.admin(s.choosing(s.chooseBoard, board.Untouched, board.Begun)))},
		{"POST /admin/start/life", s.handle(s.admin(s.choosing(s.chooseLife, board.Begun)))},
		{"POST /admin/start/careless", s.handle(s.admin(s.endCare))},
		{"GET /admin/login", s.page(s.loginPage)},
		{"POST /admin/login", s.handle(s.login)},
		{"POST /admin/logout", s.handle(s.logout)},
		{"GET /admin/admins", s.page(s.admin(s.adminsPage))},
		{"POST /admin/admins/invite", s.handle(s.admin(s.inviteAdmin))},
		{"POST /admin/admins/remove", s.handle(s.admin(s.removeAdmin))},
		{"GET /admin/account", s.page(s.admin(s.accountPage))},
		{"POST /admin/account/passphrase", s.handle(s.admin(s.changePassphrase))},
		{"POST /admin/account/codes", s.handle(s.admin(s.changeCodes))},
		{"GET /admin/settings", s.page(s.admin(s.settingsPage))},
		{"POST /admin/settings", s.handle(s.admin(s.tune))},
		{"GET /admin/keys", s.page(s.admin(s.keysPage))},
		{"POST /admin/keys", s.handle(s.admin(s.addKey))},
		{"POST /admin/keys/revoke", s.handle(s.admin(s.revokeKey))},
		{"POST /admin/log/rollback", s.handle(s.admin(s.rollBack))},
		{"GET /admin/queue", s.page(s.admin(s.queuePage))},
		{"GET /admin/queue/cases", s.page(s.admin(s.queueCases))},
		{"GET /admin/queue/{id}/picture", s.handle(s.admin(s.casePicture(board.FullPart)))},
		{"GET /admin/queue/{id}/thumb", s.handle(s.admin(s.casePicture(board.ThumbPart)))},
		{"POST /admin/queue/{id}", s.handle(s.admin(s.decide))},
		{"GET /admin/notices", s.page(s.admin(s.claimsPage))},
		{"POST /admin/notices/{number}", s.handle(s.admin(s.decideClaim))},
		{"GET /admin/seal", s.page(s.admin(s.sealPage))},
		{"POST /admin/seal", s.handle(s.admin(s.seal))},
		{"GET /admin/system", s.page(s.admin(s.systemPage))},
		{"POST /admin/system/alert", s.handle(s.admin(s.tryAlert))},
		{"POST /admin/system/certificate", s.handle(s.admin(s.retryCertificate))},
		{"GET /admin/raid", s.page(s.admin(s.raidPage))},
		{"POST /admin/raid/mode", s.handle(s.admin(s.setRaid))},
		{"POST /admin/raid/undo", s.handle(s.admin(s.undo))},
		{"GET /admin/words", s.page(s.admin(s.wordsPage))},
		{"POST /admin/words", s.handle(s.admin(s.addFilter))},
		{"POST /admin/words/try", s.handle(s.admin(s.tryFilter))},
		{"POST /admin/words/remove", s.handle(s.admin(s.removeFilter))},
		{"POST /admin/words/heed", s.handle(s.admin(s.heed))},
		{"GET /admin/log", s.page(s.admin(s.logPage))},
		{"GET /admin/boards", s.page(s.admin(s.hostBoards))},
		{"POST /admin/boards", s.handle(s.admin(s.addBoard))},
		{"GET /admin/boards/{board}", s.page(s.admin(s.hostBoard))},
		{"POST /admin/boards/{board}", s.handle(s.admin(s.changeBoard))},
		{"GET /admin/boards/{board}/door", s.page(s.admin(s.hostDoor))},
		{"POST /admin/boards/{board}/door", s.handle(s.admin(s.setDoor))},
		{"POST /admin/boards/{board}/door/out", s.handle(s.admin(s.turnOut))},
		{"POST /admin/boards/{board}/door/enter", s.handle(s.admin(s.goIn))},
		{"POST /admin/boards/{board}/door/codes", s.handle(s.admin(s.invite))},
		{"POST /admin/boards/{board}/door/codes/revoke", s.handle(s.admin(s.uninvite))},
		{"POST /admin/boards/{board}/end", s.handle(s.admin(s.endBoard))},
		{"GET /admin/prompts", s.page(s.admin(s.hostPrompts))},
		{"POST /admin/prompts", s.handle(s.admin(s.ask))},
		{"POST /admin/prompts/{number}/end", s.handle(s.admin(s.endPrompt))},
		{"POST /admin/prompts/daily", s.handle(s.admin(s.daily))},
		{"GET /admin/places", s.page(s.admin(s.hostPlaces))},
		{"POST /admin/places", s.handle(s.admin(s.changePlaces))},
		{"GET /admin/backdrops", s.page(s.admin(s.hostBackdrops))},
		{"POST /admin/backdrops", s.handle(s.admin(s.changeBackdrops))},
		{"GET /admin/texts", s.page(s.admin(s.hostTexts))},
		{"POST /admin/texts", s.handle(s.admin(s.changeTexts))},

		{"GET /c", s.page(s.circlesPage)},
		{"GET /c/{circle}", s.page(s.circlePage)},
		{"GET /c/{circle}/join", s.page(s.circleJoinPage)},
		{"GET /admin/circles", s.page(s.admin(s.hostCircles))},
		{"POST /admin/circles/end", s.handle(s.admin(s.endCircle))},
		{"POST /admin/circles/report", s.handle(s.admin(s.decideCircleReport))},

		{"GET /admin/chats", s.page(s.admin(s.hostChats))},
		{"POST /admin/chats/report", s.handle(s.admin(s.decideChatReport))},

		{"GET /live", s.handle(s.openSocket)},
		{"GET /live/state", s.page(s.liveState)},

		{"GET /api/v1/boards", s.page(s.apiBoards)},
		{"GET /api/v1/boards/{board}/posts", s.page(s.apiFeed)},
		{"POST /api/v1/boards/{board}/door", s.handle(s.apiEnterBoard)},
		{"POST /api/v1/boards/{board}/posts", s.handle(s.apiCreatePost)},
		{"GET /api/v1/posts/{id}", s.page(s.apiThread)},
		{"GET /api/v1/posts/{id}/alike", s.page(s.apiAlike)},
		{"DELETE /api/v1/posts/{id}", s.handle(s.apiEndPost)},
		{"POST /api/v1/posts/{id}/replies", s.handle(s.apiCreateReply)},
		{"POST /api/v1/posts/{id}/open", s.handle(s.apiOpen)},
		{"POST /api/v1/posts/{id}/reports", s.handle(s.apiReport)},
		{"PUT /api/v1/posts/{id}/vote", s.handle(s.apiVote)},
		{"GET /api/v1/posts/{id}/chats", s.asAuthor(s.apiChats)},
		{"POST /api/v1/posts/{id}/chats", s.handle(s.apiAskAuthor)},
		{"POST /api/v1/posts/{id}/chats/tickets", s.asAuthor(s.apiChatTicket)},
		{"GET /api/v1/posts/{id}/chats/{chat}", s.inChat(limit.Page, s.apiChat)},
		{"DELETE /api/v1/posts/{id}/chats/{chat}", s.inChat(limit.Page, s.apiEndChat)},
		{"POST /api/v1/posts/{id}/chats/{chat}/block", s.inChat(limit.Page, s.apiBlockChat)},
		{"POST /api/v1/posts/{id}/chats/{chat}/messages", s.inChat(limit.Reply, s.apiWriteChat)},
		{"PUT /api/v1/posts/{id}/chats/{chat}/read", s.inChat(limit.Page, s.apiReadChat)},
		{"POST /api/v1/posts/{id}/chats/{chat}/reports", s.inChat(limit.Report, s.apiReportChat)},
		{"POST /api/v1/posts/{id}/chats/{chat}/tickets", s.inChat(limit.Page, s.apiChatTicket)},
		{"POST /api/v1/circles", s.handle(s.apiMakeCircle)},
		{"GET /api/v1/circles/{circle}", s.inCircle(limit.Page, s.apiCircle)},
		{"DELETE /api/v1/circles/{circle}", s.inCircle(limit.Vote, s.apiEndCircle)},
		{"GET /api/v1/circles/{circle}/members", s.inCircle(limit.Page, s.apiCircleMembers)},
		{"POST /api/v1/circles/{circle}/seats", s.handle(s.apiJoinCircle)},
		{"PUT /api/v1/circles/{circle}/seat", s.handle(s.apiSitDown)},
		{"DELETE /api/v1/circles/{circle}/seat", s.inCircle(limit.Page, s.apiLeaveCircle)},
		{"POST /api/v1/circles/{circle}/epochs", s.inCircle(limit.Vote, s.apiTurnCircle)},
		{"POST /api/v1/circles/{circle}/outs", s.inCircle(limit.Vote, s.apiOust)},
		{"GET /api/v1/circles/{circle}/invites", s.inCircle(limit.Page, s.apiCircleInvites)},
		{"POST /api/v1/circles/{circle}/invites", s.inCircle(limit.Vote, s.apiCircleInvite)},
		{"DELETE /api/v1/circles/{circle}/invites/{token}", s.inCircle(limit.Page, s.apiRevokeInvite)},
		{"POST /api/v1/circles/{circle}/tickets", s.inCircle(limit.Page, s.apiCircleTicket)},
		{"GET /api/v1/circles/{circle}/posts", s.inCircle(limit.Page, s.apiCirclePosts)},
		{"POST /api/v1/circles/{circle}/posts", s.inCircle(limit.Post, s.apiCircleWrite)},
		{"GET /api/v1/circles/{circle}/posts/{post}", s.inCircle(limit.Page, s.apiCircleThread)},
		{"DELETE /api/v1/circles/{circle}/posts/{post}", s.inCircle(limit.Page, s.apiEndCirclePost)},
		{"GET /api/v1/circles/{circle}/posts/{post}/picture", s.inCircle(limit.Page, s.apiCirclePicture)},
		{"POST /api/v1/circles/{circle}/posts/{post}/replies", s.inCircle(limit.Reply, s.apiCircleWrite)},
		{"POST /api/v1/circles/{circle}/posts/{post}/reports", s.inCircle(limit.Report, s.apiReportCirclePost)},
		{"PUT /api/v1/circles/{circle}/posts/{post}/vote", s.inCircle(limit.Vote, s.apiCircleVote)},
		{"POST /api/v1/notices", s.handle(s.apiSendClaim)},
		{"GET /api/v1/notices/{number}", s.page(s.apiReceipt)},
		{"GET /api/v1/log", s.page(s.apiActs)},
		{"GET /api/v1/live", s.handle(s.openSocket)},
		{"GET /api/v1/admin/settings", s.handle(s.adminAPI(board.ScopeSettings, s.apiSettings))},
		{"PATCH /api/v1/admin/settings", s.handle(s.adminAPI(board.ScopeSettings, s.apiTune))},
		{"GET /api/v1/admin/queue", s.handle(s.adminAPI(board.ScopeQueue, s.apiQueue))},
		{"GET /api/v1/admin/queue/{id}", s.handle(s.adminAPI(board.ScopeQueue, s.apiCaseOf))},
		{"POST /api/v1/admin/queue/{id}", s.handle(s.adminAPI(board.ScopeQueue, s.apiDecide))},
		{"GET /api/v1/admin/notices", s.handle(s.adminAPI(board.ScopeNotices, s.apiClaims))},
		{"POST /api/v1/admin/notices/{number}", s.handle(s.adminAPI(board.ScopeNotices, s.apiDecideClaim))},
		{"GET /api/v1/admin/filters", s.handle(s.adminAPI(board.ScopeSettings, s.apiFilters))},
		{"POST /api/v1/admin/filters", s.handle(s.adminAPI(board.ScopeSettings, s.apiAddFilter))},
		{"POST /api/v1/admin/filters/try", s.handle(s.adminAPI(board.ScopeSettings, s.apiTryFilter))},
		{"DELETE /api/v1/admin/filters/{number}", s.handle(s.adminAPI(board.ScopeSettings, s.apiRemoveFilter))},
		{"GET /api/v1/admin/raid", s.handle(s.adminAPI(board.ScopeSettings, s.apiRaid))},
		{"PUT /api/v1/admin/raid", s.handle(s.adminAPI(board.ScopeSettings, s.apiSetRaid))},
		{"POST /api/v1/admin/undo", s.handle(s.adminAPI(board.ScopeQueue, s.apiUndo))},
		{"POST /api/v1/admin/bans", s.handle(s.adminAPI(board.ScopeQueue, s.apiBan))},
		{"GET /api/v1/admin/system", s.handle(s.adminAPI(board.ScopeSystem, s.apiSystem))},
		{"GET /api/v1/admin/boards", s.handle(s.adminAPI(board.ScopeBoards, s.apiEstates))},
		{"POST /api/v1/admin/boards", s.handle(s.adminAPI(board.ScopeBoards, s.apiAddBoard))},
		{"PATCH /api/v1/admin/boards/{board}", s.handle(s.adminAPI(board.ScopeBoards, s.apiChangeBoard))},
		{"DELETE /api/v1/admin/boards/{board}", s.handle(s.keyAPI(board.ScopeBoards, s.apiEndBoard))},
		{"GET /api/v1/admin/boards/{board}/door", s.handle(s.adminAPI(board.ScopeBoards, s.apiHostDoor))},
		{"PATCH /api/v1/admin/boards/{board}/door", s.handle(s.adminAPI(board.ScopeBoards, s.apiSetDoor))},
		{"POST /api/v1/admin/boards/{board}/door/out", s.handle(s.adminAPI(board.ScopeBoards, s.apiTurnOut))},
		{"POST /api/v1/admin/boards/{board}/invitations", s.handle(s.adminAPI(board.ScopeBoards, s.apiInvite))},
		{"DELETE /api/v1/admin/boards/{board}/invitations/{number}", s.handle(s.adminAPI(board.ScopeBoards, s.apiUninvite))},
		{"GET /api/v1/admin/prompts", s.handle(s.adminAPI(board.ScopeBoards, s.apiPrompts))},
		{"POST /api/v1/admin/prompts", s.handle(s.adminAPI(board.ScopeBoards, s.apiAsk))},
		{"DELETE /api/v1/admin/prompts/{number}", s.handle(s.adminAPI(board.ScopeBoards, s.apiEndPrompt))},
		{"GET /api/v1/admin/log", s.handle(s.adminAPI(board.ScopeLog, s.apiLog))},
		{"GET /api/v1/openapi.json", s.handle(s.openAPI)},

		{"GET /static/", static.Handler()},
		{"GET /healthz", s.handle(s.healthz)},
	}
}

// Handler is the surface behind everything that each request passes.
func (s *Server) Handler() http.Handler {
	mux, paths := http.NewServeMux(), http.NewServeMux()
	allowed := map[string][]string{}
	for _, r := range s.routes() {
		mux.Handle(r.pattern, r.handler)
		method, path, _ := strings.Cut(r.pattern, " ")
		if allowed[path] == nil {
			paths.Handle(path, http.NotFoundHandler())
		}
		allowed[path] = append(allowed[path], method)
	}
	mux.Handle("/", s.elsewhere(paths, allowed))
	return s.withHeaders(s.withRecover(s.withTLS(s.withHost(s.withOrigin(s.withBody(s.withContact(s.withPasses(mux))))))))
}

// Patterns lists the routes as http.ServeMux writes them: "GET /p/{id}".
func (s *Server) Patterns() []string {
	var list []string
	for _, r := range s.routes() {
		list = append(list, r.pattern)
	}
	return list
}

// elsewhere answers what no route takes: 405 where the path is known, else 404.
func (s *Server) elsewhere(paths *http.ServeMux, allowed map[string][]string) http.Handler {
	return s.page(func(_ http.ResponseWriter, r *http.Request) error {
		if _, path := paths.Handler(r); path != "" {
			methods := strings.Join(allowed[path], ", ")
			return &httpError{status: http.StatusMethodNotAllowed, code: "error.method", allow: strings.Replace(methods, "GET", "GET, HEAD", 1)}
		}
		return board.ErrNotFound
	})
}

// page is a handler that reads: it is metered as a page and sent compressed.
func (s *Server) page(h handler) http.Handler {
	return gzhttp.GzipHandler(s.handle(func(w http.ResponseWriter, r *http.Request) error {
		if err := s.meter(r); err != nil {
			return err
		}
		return h(w, r)
	}))
}
