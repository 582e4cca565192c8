package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
)

// claimPage asks for a notice by law; ?where= says about what, ?number= asks for the
// page of one that was sent.
func (s *Server) claimPage(w http.ResponseWriter, r *http.Request) error {
	given := views.ClaimGiven{ClaimDraft: board.ClaimDraft{Where: s.link(r, r.URL.Query().Get("where"))}}
	if !r.URL.Query().Has("number") {
		return s.answerClaim(w, r, http.StatusOK, given, nil)
	}
	given.Find = r.URL.Query().Get("number")
	receipt, err := board.ParseReceipt(given.Find)
	if err == nil {
		if _, err = s.board.Claim(r.Context(), receipt); err == nil {
			http.Redirect(w, r, claimHref(receipt), http.StatusSeeOther)
			return nil
		}
	}
	if !errors.Is(err, board.ErrNotFound) {
		return err
	}
	return s.answerClaim(w, r, http.StatusNotFound, given, nil)
}

func claimHref(receipt board.Receipt) string { return "/notice/" + receipt.String() }

// link is the whole address of a page of ours.
func (s *Server) link(r *http.Request, where string) string {
	if !strings.HasPrefix(where, "/p/") {
		return ""
	}
	return s.origin(r) + where
}

func (s *Server) answerClaim(w http.ResponseWriter, r *http.Request, status int, given views.ClaimGiven, refused *board.Error) error {
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, status, views.ClaimPage(views.NewClaimForm(v, given, refused)))
}

// apiClaimSent is a notice as programs send it.
type apiClaimSent struct {
	Where     string `json:"where"`
	Kind      string `json:"kind"`
	Why       string `json:"why"`
	Name      string `json:"name"`
	Mail      string `json:"mail"`
	GoodFaith bool   `json:"good_faith"`
}

func (a apiClaimSent) draft() board.ClaimDraft {
	return board.ClaimDraft{Where: a.Where, Kind: board.ClaimKind(a.Kind), Why: a.Why, Name: a.Name, Mail: a.Mail, GoodFaith: a.GoodFaith}
}

// sendClaim takes the form. It sets no cookie.
func (s *Server) sendClaim(w http.ResponseWriter, r *http.Request) error {
	slow := readWordsForm(w, r)
	form := r.PostForm
	d := apiClaimSent{form.Get("where"), form.Get("kind"), form.Get("why"), form.Get("name"), form.Get("mail"), form.Get("good_faith") != ""}.draft()
	if slow != nil {
		r, cancel := outlasting(r)
		defer cancel()
		return s.refuseClaim(w, r, d, slow)
	}
	receipt, err := s.takeClaim(r, d)
	if err == nil {
		http.Redirect(w, r, claimHref(receipt)+"?new=1", http.StatusSeeOther)
		return nil
	}
	return s.refuseClaim(w, r, d, err)
}

// refuseClaim says what is wrong with a notice, and gives it back.
func (s *Server) refuseClaim(w http.ResponseWriter, r *http.Request, d board.ClaimDraft, err error) error {
	refused, status, ok := s.refuse(w, r, err)
	if !ok {
		return err
	}
	return s.answerClaim(w, r, status, views.ClaimGiven{ClaimDraft: d}, refused)
}

// takeClaim checks, meters and takes a notice. It costs what a report does, on no board:
// one that is closed can still be complained of.
func (s *Server) takeClaim(r *http.Request, d board.ClaimDraft) (board.Receipt, error) {
	d, err := d.Check()
	if err != nil {
		return "", err
	}
	post, err := s.claimed(r.Context(), r.Host, d.Where)
	if err != nil {
		return "", err
	}
	if err := s.gate.Admit(limit.Write{Cost: limit.Report, Who: s.caller(r, board.Visitor{}), Proof: proofOf(r)}); err != nil {
		return "", err
	}
	return s.board.TakeClaim(r.Context(), d, post)
}

// claimed is the post or reply that a notice is about, zero where it is in words. A link
// to host, which is us, that leads to nothing is refused: there is nothing to be done.
func (s *Server) claimed(ctx context.Context, host, where string) (board.PostID, error) {
	for word := range strings.FieldsSeq(where) {
		if !strings.Contains(word, "/p/") {
			continue
		}
		u, err := url.Parse(word)
		if err != nil || u.Host != "" && !strings.EqualFold(u.Host, host) {
			continue
		}
		id, err := board.ParsePostID(idIn(word))
		if err == nil {
			_, err = s.board.Any(ctx, id)
		}
		if errors.Is(err, board.ErrNotFound) {
			return board.PostID{}, invalid("where", "error.claim.ended")
		}
		return id, err
	}
	return board.PostID{}, nil
}

// receiptPage says what has become of a notice.
func (s *Server) receiptPage(w http.ResponseWriter, r *http.Request) error {
	receipt, n, err := s.receipt(r)
	if err != nil {
		return err
	}
	v, err := s.visit(w, r, board.Home)
	if err != nil {
		return err
	}
	return answerHTML(w, r, http.StatusOK, views.ReceiptPage(views.NewClaimReceipt(v, receipt, n, r.URL.Query().Has("new"))))
}

func (s *Server) receipt(r *http.Request) (board.Receipt, board.Claim, error) {
	receipt, err := board.ParseReceipt(r.PathValue("number"))
	if err != nil {
		return "", board.Claim{}, err
	}
	n, err := s.board.Claim(r.Context(), receipt)
	return receipt, n, err
}

// apiSendClaim takes a notice from a program.
func (s *Server) apiSendClaim(w http.ResponseWriter, r *http.Request) error {
	var sent apiClaimSent
	if err := readJSON(r, &sent); err != nil {
		return err
	}
	receipt, err := s.takeClaim(r, sent.draft())
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/notices/"+receipt.String())
	return answerJSON(w, http.StatusCreated, map[string]any{"number": receipt.String(), "state": board.ClaimWaits})
}

// apiClaim is what has become of a notice, for who holds its number.
type apiClaim struct {
	Number string           `json:"number"`
	Kind   board.ClaimKind  `json:"kind"`
	State  board.ClaimState `json:"state"`
	Reason board.Reason     `json:"reason"`
	Answer string           `json:"answer"`
	Left   int64            `json:"left"` // seconds, in whole minutes
}

func (s *Server) apiReceipt(w http.ResponseWriter, r *http.Request) error {
	receipt, n, err := s.receipt(r)
	if err != nil {
		return err
	}
	left := seconds(n.EndsAt.Sub(s.board.Now())) / 60 * 60
	return answerJSON(w, http.StatusOK, apiClaim{receipt.String(), n.Kind, n.State, n.Reason, n.Answer, left})
}

// claimsPage shows admins what was told them by law.
func (s *Server) claimsPage(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	return s.answerClaims(w, r, me, http.StatusOK, views.Tray{})
}

func (s *Server) answerClaims(w http.ResponseWriter, r *http.Request, me board.Admin, status int, t views.Tray) error {
	d, err := s.desk(w, r, me)
	if err != nil {
		return err
	}
	if t.Claims, err = s.board.Claims(r.Context()); err != nil {
		return err
	}
	return answerHTML(w, r, status, views.AdminClaimsPage(views.NewAdminClaims(d, t)))
}

// claimRuling is a decision about a notice, as a form or call has it.
type claimRuling struct {
	Do     string `json:"do"`
	Reason string `json:"reason"`
	Answer string `json:"answer"`
}

// decideClaim takes the decision about one.
func (s *Server) decideClaim(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	if err := readForm(r); err != nil {
		return err
	}
	in := claimRuling{r.PostForm.Get("do"), r.PostForm.Get("reason"), r.PostForm.Get("answer")}
	of, err := s.ruleClaim(r, me, in)
	if err == nil {
		http.Redirect(w, r, "/admin/notices", http.StatusSeeOther)
		return nil
	}
	refused, status, ours := s.adminRefusal(w, r, err)
	if ours != nil {
		return ours
	}
	return s.answerClaims(w, r, me, status, views.Tray{Of: of, Answer: in.Answer, Refused: refused.Sentence()})
}

// ruleClaim decides about the notice that r names.
func (s *Server) ruleClaim(r *http.Request, me board.Admin, in claimRuling) (of int64, err error) {
	if of, err = strconv.ParseInt(r.PathValue("number"), 10, 64); err != nil {
		return 0, board.ErrNotFound
	}
	d := board.Decision{By: me.Name, State: board.ClaimState(in.Do), Answer: in.Answer}
	if in.Reason != "" {
		if d.Reason, err = board.ParseReason(in.Reason); err != nil {
			return of, err
		}
	}
	list, err := s.board.Claims(r.Context())
	if err != nil {
		return of, err
	}
	for _, n := range list {
		if n.Number == of {
			return of, s.board.DecideClaim(r.Context(), n, d)
		}
	}
	return of, board.ErrNotFound
}

// apiClaimOf is a notice as admins see it.
type apiClaimOf struct {
	Number   int64            `json:"number"` // admins' own; whoever sent it goes by another
	Kind     board.ClaimKind  `json:"kind"`
	State    board.ClaimState `json:"state"`
	Board    string           `json:"board"` // of what it is about; "": it is in words alone
	Post     string           `json:"post"`
	Where    string           `json:"where"`
	Why      string           `json:"why"`
	Name     string           `json:"name"`
	Mail     string           `json:"mail"`
	Reason   board.Reason     `json:"reason"`
	Answer   string           `json:"answer"`
	Ago      int64            `json:"ago"`      // seconds since it was sent, in whole minutes
	Left     int64            `json:"left"`     // seconds for which it is here, in whole minutes
	Wordless bool             `json:"wordless"` // its key is lost, and its words with it
}

func drawClaim(n board.Claim, now time.Time) apiClaimOf {
	out := apiClaimOf{
		Number: n.Number, Kind: n.Kind, State: n.State, Board: n.Board, Where: n.Where, Why: n.Why, Name: n.Name, Mail: n.Mail,
		Reason: n.Reason, Answer: n.Answer, Ago: seconds(now.Sub(n.Sent)) / 60 * 60, Left: seconds(n.EndsAt.Sub(now)) / 60 * 60, Wordless: n.Wordless,
	}
	if n.Post != (board.PostID{}) {
		out.Post = n.Post.String()
	}
	return out
}

// apiClaims lists notices by law, those that wait first.
func (s *Server) apiClaims(w http.ResponseWriter, r *http.Request, _ board.Admin) error {
	list, err := s.board.Claims(r.Context())
	if err != nil {
		return err
	}
	waiting, err := s.board.ClaimsWaiting(r.Context())
	if err != nil {
		return err
	}
	out := make([]apiClaimOf, len(list))
	for i, n := range list {
		out[i] = drawClaim(n, s.board.Now())
	}
	return answerJSON(w, http.StatusOK, map[string]any{"notices": out, "waiting": waiting})
}

// apiDecideClaim says what becomes of one.
func (s *Server) apiDecideClaim(w http.ResponseWriter, r *http.Request, me board.Admin) error {
	var in claimRuling
	if err := readJSON(r, &in); err != nil {
		return err
	}
	if _, err := s.ruleClaim(r, me, in); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
