// Package handlers speaks HTTP: it parses what was asked, asks the board, and
// answers with a page, a fragment, JSON or a refusal. It holds no rule of the board.
package handlers

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"mayfly/alert"
	"mayfly/board"
	"mayfly/doctor"
	"mayfly/limit"
	"mayfly/live"
	"mayfly/pictures"
)

// Parts are what a Server is made of; all of them are needed, save Base, Onion and TLS.
type Parts struct {
	Board      *board.Board
	Door       *board.Door  // of admins
	Doors      *board.Doors // of boards
	Circles    *board.Circles
	Chats      *board.Chats
	Hub        *live.Hub
	Gate       *limit.Gate
	Press      *pictures.Press
	Sealer     Sealer
	Tuner      *board.Tuner
	Outset     *board.Outset // over the tuner's settings
	Storms     *board.Storms // over the outset's
	Well       func() bool   // false: /healthz answers 503
	VisitorKey [32]byte      // MACs cookies, encrypts cursors
	Base       *url.URL      // nil: localhost and bare addresses are answered
	Onion      *url.URL      // nil: no onion service, or one whose name nobody said
	TLS        *TLS          // nil: whoever stands before this server speaks it, or nobody
	Trusted    []netip.Prefix
	Examine    func(ctx context.Context) []doctor.Finding // what the board stands on
	Lost       int                                        // posts whose keys were not there at the start
	Bell       *alert.Bell
	Alerts     []string // kinds of the bell's receivers, as everybody may read them
	Tables     []string // of the database
	Log        *slog.Logger
}

// Server answers for one board.
type Server struct {
	board    *board.Board
	door     *board.Door
	doors    *board.Doors
	circles  *board.Circles
	chats    *board.Chats
	hub      *live.Hub
	gate     *limit.Gate
	press    *pictures.Press
	sealer   Sealer
	tuner    *board.Tuner
	outset   *board.Outset
	storms   *board.Storms
	settings func(board string) board.Settings // of the storms
	well     func() bool
	cookies  cookies
	cursors  cursors
	base     *url.URL
	onion    *url.URL
	tls      *TLS
	trusted  []netip.Prefix
	examine  func(ctx context.Context) []doctor.Finding
	lost     int
	bell     *alert.Bell
	alerts   []string
	tables   []string
	log      *slog.Logger

	refusals    refusals
	sheets      *sheets         // for readers without a cookie
	marked      *sheets         // for those who have one
	articles    *articles       // of both
	tickets     tickets[inside] // to the sockets of circles
	chatTickets tickets[talking]

	uploads *semaphore.Weighted // uploadRoom
	shown   *semaphore.Weighted // shownRoom
	warned  atomic.Int64        // ms of the last word about an untrusted proxy
}

// New puts a Server together.
func New(p Parts) *Server {
	return &Server{
		board: p.Board, door: p.Door, doors: p.Doors, circles: p.Circles, chats: p.Chats, hub: p.Hub, gate: p.Gate, press: p.Press, sealer: p.Sealer, tuner: p.Tuner, outset: p.Outset, storms: p.Storms, settings: p.Storms.Settings, well: p.Well,
		cookies: cookies{p.VisitorKey}, cursors: newCursors(p.VisitorKey),
		base: p.Base, onion: p.Onion, tls: p.TLS, trusted: p.Trusted, examine: p.Examine, lost: p.Lost, bell: p.Bell, alerts: p.Alerts, tables: p.Tables, log: p.Log,
		sheets: newSheets(), marked: newSheets(), articles: newArticles(), uploads: semaphore.NewWeighted(uploadRoom), shown: semaphore.NewWeighted(shownRoom),
	}
}

// handler is one route's work; an error it returns is answered once, by fail.
type handler func(w http.ResponseWriter, r *http.Request) error

func (s *Server) handle(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// warnEvery is how often a proxy that nobody trusts is spoken of.
const warnEvery = time.Minute

// address is where r comes from. An X-Forwarded-For that a private peer sent
// without being trusted is logged, without any address, with the flag to set.
func (s *Server) address(r *http.Request) netip.Addr {
	if byOnion(r) {
		return limit.Onion
	}
	addr, untrusted := limit.Address(r, s.trusted)
	if untrusted {
		now, last := time.Now().UnixMilli(), s.warned.Load()
		if now-last >= warnEvery.Milliseconds() && s.warned.CompareAndSwap(last, now) {
			s.log.WarnContext(r.Context(), "X-Forwarded-For from a private peer is not believed; "+
				"if that is your proxy, start with --trusted-proxies and its network, else all visitors share one limit")
		}
	}
	return addr
}

// disbelieved says whether r names where it comes from in the words of a proxy that is
// not trusted.
func (s *Server) disbelieved(r *http.Request) bool {
	_, untrusted := limit.Address(r, s.trusted)
	return untrusted && !byOnion(r)
}

// fromTrustedProxy says whether the peer is one whose word we take.
func (s *Server) fromTrustedProxy(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || byOnion(r) {
		return false
	}
	addr := peer.Addr().Unmap().WithZone("")
	return slices.ContainsFunc(s.trusted, func(p netip.Prefix) bool { return p.Contains(addr) })
}
