package handlers

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"mayfly/board"
	"mayfly/limit"
	"mayfly/views"
)

// Where a challenge is told, and where its proof comes back: programs send the
// header, forms the field.
const (
	challengeHeader = "Mayfly-Challenge"
	proofHeader     = "Mayfly-Proof"
	proofField      = "proof"
)

// proofOf is what r brings to show for its write; a form has been read before.
func proofOf(r *http.Request) string {
	if p := r.Header.Get(proofHeader); p != "" {
		return p
	}
	return r.PostForm.Get(proofField)
}

// apiChallenge is a limit.Challenge as scripts and programs see it. A worker of
// ALTCHA 3 takes it as it is.
type apiChallenge struct {
	Token      string              `json:"token"`
	Bits       int                 `json:"bits"`
	Left       int64               `json:"left"` // seconds
	Parameters challengeParameters `json:"parameters"`
}

type challengeParameters struct {
	Algorithm string `json:"algorithm"`
	Nonce     string `json:"nonce"`
	Salt      string `json:"salt"`
	Cost      int    `json:"cost"`
	KeyLength int    `json:"keyLength"`
	KeyPrefix string `json:"keyPrefix"`
}

// keyLength is how many bytes of a key are made; its first few decide.
const keyLength = 32

// challengeOf is what err asks for, nil when it asks for nothing.
func challengeOf(err error) *apiChallenge {
	asked, ok := errors.AsType[*limit.ProofError](err)
	if !ok {
		return nil
	}
	c := asked.Challenge
	return &apiChallenge{c.Token, c.Bits, seconds(c.Life), challengeParameters{
		Algorithm: limit.Algorithm, Nonce: hex.EncodeToString(c.Nonce), Salt: hex.EncodeToString(c.Salt),
		Cost: c.Cost, KeyLength: keyLength, KeyPrefix: strings.Repeat("0", c.Zeros),
	}}
}

// String is one line of ASCII.
func (c *apiChallenge) String() string {
	b, _ := json.Marshal(c) // of strings and numbers
	return string(b)
}

// waits says whether err leads to the waiting room: a form sent without a script
// is asked for a proof.
func waits(r *http.Request, err error) bool {
	return challengeOf(err) != nil && !fromScript(r) && !isAPI(r)
}

// answerRoom shows the waiting room. It keeps all that was sent, and sends it again
// with a ticket; or, where there is a script after all, with the proof.
func (s *Server) answerRoom(w http.ResponseWriter, r *http.Request, ref refusal, err error) {
	asked, _ := errors.AsType[*limit.ProofError](err)
	held := views.Held{Action: r.URL.Path, Challenge: ref.challenge.String()}
	for _, name := range slices.Sorted(maps.Keys(r.PostForm)) {
		if name == proofField {
			continue
		}
		for _, value := range r.PostForm[name] {
			held.Fields = append(held.Fields, views.Hidden{Name: name, Value: value})
		}
	}
	ticket, err := s.gate.Ticket(asked)
	held.Ticket, ref.wait = ticket.Proof, ticket.Wait
	if err != nil {
		ref.wait = refusalOf(err).wait
	}
	held.Wait = ref.wait
	ref.headers(w.Header())
	if err := answerHTML(w, r, ref.status, views.RoomPage(views.NewRoom(s.standstill(r), held))); err != nil {
		s.log.ErrorContext(r.Context(), "a waiting room can't be drawn", "err", err)
		http.Error(w, http.StatusText(ref.status), ref.status)
	}
}

// ticket is a place in the waiting room for a form that can't be held there, and the
// error that its own page shows instead of err. Without a place it is "".
func (s *Server) ticket(err error) (string, error) {
	asked, _ := errors.AsType[*limit.ProofError](err)
	ticket, err := s.gate.Ticket(asked)
	if err != nil {
		return "", err
	}
	return ticket.Proof, &board.Error{Kind: board.Limited, Code: "error.proof", Args: map[string]any{"wait": ticket.Wait}}
}
