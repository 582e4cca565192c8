package handlers

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"strings"
	"time"

	"mayfly/board"
)

// The visitor's cookie: 24 random bytes, its issue time in steps of 10 minutes
// (the top bit says "this session only"), and a MAC, so that a number we did not
// give is no visitor. Nothing of it is stored on the server.
const (
	visitorBytes = 24 + 4 + 16
	visitorStep  = 10 * time.Minute
	sessionBit   = 1 << 31
)

// cookies reads and writes the cookies of readers: who a visitor is, and what names
// nobody, which is how the pages should look and which doors were passed.
type cookies struct{ key [32]byte }

// visitorName is __Host- under TLS, so that no neighbouring host can plant one.
func visitorName(secure bool) string {
	if secure {
		return "__Host-mf"
	}
	return "mf"
}

func (c cookies) visitor(r *http.Request, secure bool) board.Visitor {
	cookie, err := r.Cookie(visitorName(secure))
	if err != nil {
		return board.Visitor{}
	}
	return c.parse(cookie.Value)
}

// parse returns the visitor a cookie names, or none when it is not ours.
func (c cookies) parse(value string) board.Visitor {
	b, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(b) != visitorBytes || !hmac.Equal(b[28:], c.mac(b[:28])) {
		return board.Visitor{}
	}
	step := binary.BigEndian.Uint32(b[24:28])
	return board.Visitor{
		ID:      [24]byte(b[:24]),
		Issued:  time.Unix(int64(step&^sessionBit)*int64(visitorStep/time.Second), 0).UTC(),
		Session: step&sessionBit != 0,
	}
}

func (c cookies) format(v board.Visitor) string {
	b := make([]byte, 0, visitorBytes)
	b = append(b, v.ID[:]...)
	step := uint32(v.Issued.Unix() / int64(visitorStep/time.Second)) //nolint:gosec // fits until the year 42000
	if v.Session {
		step |= sessionBit
	}
	b = binary.BigEndian.AppendUint32(b, step)
	return base64.RawURLEncoding.EncodeToString(append(b, c.mac(b)...))
}

func (c cookies) mac(b []byte) []byte {
	h := hmac.New(sha256.New, c.key[:])
	h.Write([]byte("visitor"))
	h.Write(b)
	return h.Sum(nil)[:16]
}

// setVisitor gives v its cookie, for what is left of ttl or for the session.
func (c cookies) setVisitor(w http.ResponseWriter, v board.Visitor, secure bool, now time.Time, ttl time.Duration) {
	cookie := &http.Cookie{
		Name: visitorName(secure), Value: c.format(v), Path: "/",
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	}
	if !v.Session {
		cookie.MaxAge = max(1, int(v.Until(ttl).Sub(now).Seconds()))
	}
	http.SetCookie(w, cookie)
}

// dropVisitor takes the cookie away.
func (c cookies) dropVisitor(w http.ResponseWriter, secure bool) {
	http.SetCookie(w, &http.Cookie{
		Name: visitorName(secure), Path: "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	})
}

// look is what a visitor chose for the pages; empty parts are the browser's choice.
type look struct {
	Lang, Theme string
	Age         string // the age notice that was put away
}

const lookName = "look"

func readLook(r *http.Request) look {
	cookie, err := r.Cookie(lookName)
	if err != nil {
		return look{}
	}
	return parseLook(cookie.Value)
}

// parseLook reads "it.dark" or "it.dark.18"; what it does not know it ignores.
func parseLook(v string) (l look) {
	l.Lang, l.Theme, _ = strings.Cut(v, ".")
	l.Theme, l.Age, _ = strings.Cut(l.Theme, ".")
	if age := board.AgeNotice(l.Age); age != board.Age13 && age != board.Age16 && age != board.Age18 {
		l.Age = ""
	}
	if !knownLanguage(l.Lang) {
		l.Lang = ""
	}
	if l.Theme != "light" && l.Theme != "dark" {
		l.Theme = ""
	}
	return l
}

func (l look) String() string {
	if l.Age == "" {
		return l.Lang + "." + l.Theme
	}
	return l.Lang + "." + l.Theme + "." + l.Age
}

func setLook(w http.ResponseWriter, l look, secure bool) {
	cookie := &http.Cookie{
		Name: lookName, Value: l.String(), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	}
	if l == (look{}) {
		cookie.Value, cookie.MaxAge = "", -1
	}
	http.SetCookie(w, cookie)
}

// setPass gives a browser the pass of a board, or takes it away (""). It is the same for
// all who came in.
func setPass(w http.ResponseWriter, slug, pass string, secure bool) {
	cookie := &http.Cookie{
		Name: passName(slug, secure), Value: pass, Path: "/", MaxAge: int(passTime.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: secure,
	}
	if pass == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}

// setEntrance gives an admin who was let in their two cookies. Neither leaves with a
// request that another site began.
func setEntrance(w http.ResponseWriter, e board.Entrance, secure bool) {
	for _, c := range []struct {
		name  string
		token board.Token
		lasts time.Duration
	}{{sessionCookie, e.Session, board.SessionTime}, {deviceCookie, e.Device, board.DeviceTime}} {
		http.SetCookie(w, &http.Cookie{
			Name: adminCookieName(c.name, secure), Value: string(c.token), Path: "/", MaxAge: int(c.lasts.Seconds()),
			HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure,
		})
	}
}

// dropSession takes an admin's session away; the device stays known.
func dropSession(w http.ResponseWriter, secure bool) {
	http.SetCookie(w, &http.Cookie{
		Name: adminCookieName(sessionCookie, secure), Path: "/", MaxAge: -1,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: secure,
	})
}
