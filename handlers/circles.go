package handlers

import (
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"mayfly/board"
	"mayfly/limit"
)

// circleScheme is what a member's token stands behind in Authorization. It is in no
// address, cookie or form.
const circleScheme = "Circle "

// maxCircle holds a post with the largest picture, as base64.
const maxCircle = 1600 << 10

// takesCircle says whether a path takes so much.
func takesCircle(path string) bool {
	return strings.HasPrefix(path, "/api/v1/circles/") && strings.HasSuffix(path, "/posts")
}

// sealed is bytes that come and go as base64url.
type sealed []byte

// MarshalText writes base64url.
func (b sealed) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText reads what MarshalText writes.
func (b *sealed) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	return err
}

// hash32 is 32 bytes, or not as many.
func (b sealed) hash32() (h [32]byte, err error) {
	if len(b) != len(h) {
		return h, errBadRequest
	}
	return [32]byte(b), nil
}

// key65 is a public key, or no key.
func (b sealed) key65() (q [65]byte, err error) {
	if err := board.CheckKey(b); err != nil {
		return q, err
	}
	return [65]byte(b), nil
}

// bearer is who r says it is in a circle.
func bearer(r *http.Request) (board.Bearer, error) {
	return bearerBehind(r, circleScheme)
}

// inside is a request of a member.
type inside struct {
	circle board.Circle
	me     board.CircleMember
	who    board.Bearer
}

// member is a handler of those who have a seat in the circle; for all others it is not
// there. What they do is charged to them alone.
type member func(w http.ResponseWriter, r *http.Request, in inside) error

// inCircle meters a call as a cost and lets members through.
func (s *Server) inCircle(cost limit.Cost, h member) http.Handler {
	return s.handle(func(w http.ResponseWriter, r *http.Request) error {
		in, err := s.enterCircle(r)
		if err != nil {
			if limited := s.meter(r); limited != nil {
				return limited
			}
			return err
		}
		v := in.who.Visitor()
		v.Issued = s.board.Now().Add(-time.Hour) // a seat was won by a write that was charged
		who := limit.Caller{Addr: s.address(r), Visitor: v}
		if cost == limit.Page {
			err = s.gate.Allow(cost, "", who)
		} else {
			err = s.gate.Admit(limit.Write{Cost: cost, Who: who, Proof: proofOf(r)})
		}
		if err != nil {
			return err
		}
		return h(w, r, in)
	})
}

func (s *Server) enterCircle(r *http.Request) (in inside, err error) {
	id, err := board.ParsePostID(r.PathValue("circle"))
	if err != nil {
		return in, err
	}
	if in.who, err = bearer(r); err != nil {
		return in, err
	}
	in.circle, in.me, err = s.circles.Enter(r.Context(), id, in.who)
	return in, err
}

// apiMakeCircle makes a circle.
func (s *Server) apiMakeCircle(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		ID         string `json:"id"`
		Cap        int    `json:"cap"`
		Rule       string `json:"rule"`
		Gated      bool   `json:"gated"`
		TTLDefault string `json:"ttl_default"`
		TTLMax     string `json:"ttl_max"`
		Lasts      string `json:"lasts"`
		Meta       sealed `json:"meta"`
		Q          sealed `json:"q"`
		Record     sealed `json:"record"`
		Once       sealed `json:"once"`
		Wrap       sealed `json:"wrap"`
	}
	who, err := s.newcomer(r, &body)
	if err != nil {
		return err
	}
	d := board.CircleDraft{Circle: board.Circle{Cap: body.Cap, Rule: board.CircleRule(body.Rule), Gated: body.Gated, Meta: board.Envelope(body.Meta)}}
	if d.ID, err = board.ParsePostID(body.ID); err != nil {
		return errBadRequest
	}
	if d.Maker.Q, err = body.Q.key65(); err != nil {
		return err
	}
	for _, t := range []struct {
		text, field string
		into        *time.Duration
	}{{body.TTLDefault, "ttl_default", &d.TTLDefault}, {body.TTLMax, "ttl_max", &d.TTLMax}, {body.Lasts, "lasts", &d.Lasts}} {
		if *t.into, err = parseTTL(t.text, t.field); err != nil {
			return err
		}
	}
	d.Maker.Token, d.Maker.Record, d.Maker.Once, d.Maker.Wrap = who.Hash(), board.Envelope(body.Record), body.Once, board.Envelope(body.Wrap)
	c, err := s.circles.Make(r.Context(), d)
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/v1/circles/"+c.ID.String())
	return answerJSON(w, http.StatusCreated, map[string]any{"circle": s.drawCircle(inside{circle: c, me: d.Maker}, nil)})
}

// newcomer reads the body of a call by which somebody comes into a circle, and charges
// them as a post is.
func (s *Server) newcomer(r *http.Request, body any) (board.Bearer, error) {
	if err := readJSON(r, body); err != nil {
		return board.Bearer{}, err
	}
	who, err := bearer(r)
	if err != nil {
		return who, errBadRequest
	}
	return who, s.gate.Admit(limit.Write{Cost: limit.Post, Who: s.caller(r, board.Visitor{}), Proof: proofOf(r)})
}

func parseTTL(text, field string) (time.Duration, error) {
	d, err := board.ParseLife(text)
	if err != nil {
		return 0, invalid(field, "error.circle.time")
	}
	return d, nil
}

// apiCircle is a circle as its members see it.
type apiCircle struct {
	ID         string          `json:"id"`
	Epoch      uint32          `json:"epoch"`
	Members    int             `json:"members"`
	Cap        int             `json:"cap"`
	Rule       string          `json:"rule"`
	Gated      bool            `json:"gated"`
	Shows      bool            `json:"shows"` // false: not before k members have written
	K          int             `json:"k"`
	Turn       bool            `json:"turn"` // somebody left who knows the key
	TTLMin     int64           `json:"ttl_min"`
	TTLDefault int64           `json:"ttl_default"`
	TTLMax     int64           `json:"ttl_max"`
	ClosesIn   int64           `json:"closes_in"`
	Meta       sealed          `json:"meta"`
	Me         apiCircleMember `json:"me"`
	Links      []apiCircleLink `json:"links"`
}

type apiCircleLink struct {
	Epoch uint32 `json:"epoch"`
	Box   sealed `json:"box"`
}

type apiCircleMember struct {
	Q      sealed `json:"q"`
	Record sealed `json:"record"`
	Maker  bool   `json:"maker"`
	Downs  int    `json:"downs"` // members who want them out
	Once   sealed `json:"once,omitempty"`
	Wrap   sealed `json:"wrap,omitempty"`
}

func drawCircleMember(m board.CircleMember) apiCircleMember {
	return apiCircleMember{Q: m.Q[:], Record: sealed(m.Record), Maker: m.Maker, Downs: m.Downs}
}

func (s *Server) drawCircle(in inside, links []board.CircleLink) apiCircle {
	c := in.circle
	out := apiCircle{
		ID: c.ID.String(), Epoch: c.Epoch, Members: c.Members, Cap: c.Cap, Rule: string(c.Rule),
		Gated: c.Gated, Shows: !c.Gated || c.Open, K: s.settings("").K, Turn: c.Turn,
		TTLMin: seconds(min(s.settings("").TTLMin, c.TTLMax)), TTLDefault: seconds(c.TTLDefault), TTLMax: seconds(c.TTLMax),
		ClosesIn: seconds(c.ClosesAt.Sub(s.board.Now())), Meta: sealed(c.Meta), Links: []apiCircleLink{},
		Me: drawCircleMember(in.me),
	}
	out.Me.Once, out.Me.Wrap = in.me.Once, sealed(in.me.Wrap)
	for _, l := range links {
		out.Links = append(out.Links, apiCircleLink{l.Epoch, sealed(l.Box)})
	}
	return out
}

func (s *Server) apiCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	links, err := s.circles.Links(r.Context(), in.circle.ID, in.me)
	if err != nil {
		return err
	}
	return answerJSON(w, http.StatusOK, map[string]any{"circle": s.drawCircle(in, links)})
}

// apiEndCircle ends a whole circle for its maker.
func (s *Server) apiEndCircle(w http.ResponseWriter, r *http.Request, in inside) error {
	return nothing(w, s.circles.End(r.Context(), in.circle, in.me))
}

// nothing answers what leaves nothing to say.
func nothing(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}
