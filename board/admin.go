package board

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Admin is somebody who runs the board. One of them is its owner.
type Admin struct {
	Name  string
	Owner bool
	Hash  string // of the passphrase
	Seed  *Seed  // of one-time codes; nil: none are asked for
	Step  int64  // the last of those that was taken
}

const (
	// PassphraseMin is how many characters a passphrase must have.
	PassphraseMin = 12
	passphraseMax = 200
	adminNameMax  = 40
	// AdminsMax is how many admins there may be.
	AdminsMax = 50

	// SessionTime is how long an admin stays signed in.
	SessionTime = 12 * time.Hour
	// DeviceTime is how long a device that has signed in is known.
	DeviceTime = 180 * 24 * time.Hour
	// InviteTime is how long the link to become an admin may wait.
	InviteTime = 7 * 24 * time.Hour
)

// Token opens something to whoever holds it. Stores know its Hash alone.
type Token string

// NewToken draws a token.
func NewToken() Token { return Token(rand.Text()) }

// Hash is what is kept of a token.
func (t Token) Hash() [32]byte { return sha256.Sum256([]byte(t)) }

// PassKind is what a token opens.
type PassKind string

// The kinds of passes.
const (
	PassSetup   PassKind = "setup"   // to become the owner; used once
	PassInvite  PassKind = "invite"  // to become an admin; used once
	PassSession PassKind = "session" // all pages of admins
	PassDevice  PassKind = "device"  // the door, whoever else knocks
	PassKey     PassKind = "key"     // calls of the API, those of its scopes
)

// Scope is what a key of the API is good for.
type Scope string

// The scopes of keys.
const (
	ScopeSettings Scope = "settings"
	ScopeQueue    Scope = "queue"
	ScopeNotices  Scope = "notices" // by law, with the names and addresses in them
	ScopeLog      Scope = "log"
	ScopeBoards   Scope = "boards" // and what the host asks there
	ScopeSystem   Scope = "system" // what doctor finds
)

// Scopes are all there are.
var Scopes = []Scope{ScopeSettings, ScopeQueue, ScopeNotices, ScopeLog, ScopeBoards, ScopeSystem}

const (
	// KeyTimeMax is the longest that a key may be good for.
	KeyTimeMax = 365 * 24 * time.Hour
	// KeysMax is how many keys there may be.
	KeysMax     = 100
	keyLabelMax = 60
)

// Pass is what is kept of a token.
type Pass struct {
	Hash   [32]byte
	Kind   PassKind
	Admin  string    // whose it is; of an invite: who gave it; "": nobody's
	Label  string    // of a key: what it is for
	Scopes []Scope   // of a key
	EndsAt time.Time // zero: when it is used
}

// ID names a pass without opening anything.
func (p Pass) ID() string { return hex.EncodeToString(p.Hash[:8]) }

// AdminStore is what a Door asks of a store. What has ended at now is not found.
type AdminStore interface {
	Ledger
	// Admins lists the admins.
	Admins(ctx context.Context) ([]Admin, error)
	// TakeLink uses up the setup or invite pass with this hash and stores who came by
	// it, in one step. An owner takes the place of the one before, whose sessions,
	// devices and codes end. A name that another admin has is ErrNameTaken.
	TakeLink(ctx context.Context, hash [32]byte, a Admin, now time.Time) error
	// ChangeAdmin stores a's passphrase and seed, and ends the sessions and devices that
	// a has, save those that hold one of keep.
	ChangeAdmin(ctx context.Context, a Admin, keep ...[32]byte) error
	// TakeStep marks a code as taken. It is false when it, or a later one, was before.
	TakeStep(ctx context.Context, name string, step int64) (bool, error)
	// RemoveAdmin removes an admin who is not the owner, with all their passes.
	RemoveAdmin(ctx context.Context, name string) error
	// InsertPass stores a pass, and drops those that have ended. A setup pass takes the
	// place of the one before.
	InsertPass(ctx context.Context, p Pass, now time.Time) error
	// FindPass returns the pass of one of the kinds with this hash.
	FindPass(ctx context.Context, hash [32]byte, kind PassKind, now time.Time) (Pass, error)
	// Passes returns those of a kind, by whose they are.
	Passes(ctx context.Context, kind PassKind, now time.Time) ([]Pass, error)
	// DeletePass ends a pass.
	DeletePass(ctx context.Context, hash [32]byte) error
}

// Hasher makes of passphrases what may be kept.
type Hasher interface {
	Hash(ctx context.Context, passphrase string) (string, error)
	// Check says whether hash is of passphrase. It takes as long for the hash "", which
	// is nobody's.
	Check(ctx context.Context, passphrase, hash string) (bool, error)
}

// Door lets admins in, and nobody else.
type Door struct {
	store  AdminStore
	hasher Hasher
	now    Clock // when passes end
	wall   Clock // what the phones of admins show codes by
}

// NewDoor puts a Door together.
func NewDoor(store AdminStore, hasher Hasher, now, wall Clock) *Door {
	return &Door{store: store, hasher: hasher, now: now, wall: wall}
}

// The refusals of the door.
var (
	ErrNameTaken = &Error{Kind: Invalid, Code: "error.admin.form", Fields: map[string]Problem{"name": {Code: "error.admin.taken"}}}
	// ErrSignIn is one answer for a wrong name, passphrase and code.
	ErrSignIn = &Error{Kind: Denied, Code: "error.admin.sign_in"}
	// ErrSignedOut says that a session is over, or never was.
	ErrSignedOut = &Error{Kind: Denied, Code: "error.admin.signed_out"}
	// ErrNotOwner says that something is for the owner alone.
	ErrNotOwner = &Error{Kind: Forbidden, Code: "error.admin.owner"}
	// ErrLink says that a link was used, or is none.
	ErrLink = &Error{Kind: NotFound, Code: "error.admin.link"}
	// ErrPassphrase says that the passphrase that was asked for again is another.
	ErrPassphrase = &Error{Kind: Invalid, Code: "error.admin.form", Fields: map[string]Problem{"passphrase": {Code: "error.admin.wrong"}}}
)

// LinkStore is what FirstLink asks of a store.
type LinkStore interface {
	Admins(ctx context.Context) ([]Admin, error)
	InsertPass(ctx context.Context, p Pass, now time.Time) error
}

// FirstLink returns the token of a new setup link while there is no owner; "" once
// there is one. The one before opens nothing any more.
func FirstLink(ctx context.Context, store LinkStore, now Clock) (Token, error) {
	owned, err := hasOwner(ctx, store)
	if err != nil || owned {
		return "", err
	}
	t := NewToken()
	if err := store.InsertPass(ctx, Pass{Hash: t.Hash(), Kind: PassSetup}, now()); err != nil {
		return "", fmt.Errorf("setup link: %w", err)
	}
	return t, nil
}

func hasOwner(ctx context.Context, store LinkStore) (bool, error) {
	admins, err := store.Admins(ctx)
	return slices.ContainsFunc(admins, func(a Admin) bool { return a.Owner }), err
}

// Begin returns the token of a setup link as FirstLink does.
func (d *Door) Begin(ctx context.Context) (Token, error) { return FirstLink(ctx, d.store, d.now) }

// HasOwner says whether somebody has been through a setup link.
func (d *Door) HasOwner(ctx context.Context) (bool, error) { return hasOwner(ctx, d.store) }

// Resetter is what ResetOwner asks of a store.
type Resetter interface {
	Ledger
	// Reset ends every session, known device and link, and stores p.
	Reset(ctx context.Context, p Pass) error
}

// ResetOwner gives a setup link whatever owner there is, and signs everybody out. The
// owner stays who they are until it is used.
func ResetOwner(ctx context.Context, store Resetter, now Clock) (Token, error) {
	t := NewToken()
	if err := store.Reset(ctx, Pass{Hash: t.Hash(), Kind: PassSetup}); err != nil {
		return "", fmt.Errorf("reset: %w", err)
	}
	return t, audit(ctx, store, now, Entry{By: "cli", Action: ActReset})
}

// Link returns what kind of link a token is of: setup or invite.
func (d *Door) Link(ctx context.Context, t Token) (PassKind, error) {
	for _, kind := range []PassKind{PassSetup, PassInvite} {
		_, err := d.store.FindPass(ctx, t.Hash(), kind, d.now())
		if err == nil || !errors.Is(err, ErrNotFound) {
			return kind, err
		}
	}
	return "", ErrLink
}

// Newcomer is what somebody with a link says of themselves.
type Newcomer struct {
	Name, Passphrase string
	Seed             Seed
	Code             string // of the seed; "": no codes
}

// Enter makes an owner or admin of whoever holds a link, and signs them in.
func (d *Door) Enter(ctx context.Context, t Token, n Newcomer) (Entrance, error) {
	kind, err := d.Link(ctx, t)
	if err != nil {
		return Entrance{}, err
	}
	a := Admin{Name: strings.TrimSpace(n.Name), Owner: kind == PassSetup}
	fields := map[string]Problem{}
	if p, bad := checkAdminName(a.Name); bad {
		fields["name"] = p
	}
	if p, bad := checkPassphrase(n.Passphrase, a.Name); bad {
		fields["passphrase"] = p
	}
	if n.Code != "" {
		at, ok := n.Seed.match(n.Code, d.wall())
		if !ok {
			fields["code"] = Problem{Code: "error.admin.code"}
		}
		a.Seed, a.Step = &n.Seed, at
	}
	if len(fields) > 0 {
		return Entrance{}, &Error{Kind: Invalid, Code: "error.admin.form", Fields: fields}
	}
	if a.Hash, err = d.hasher.Hash(ctx, n.Passphrase); err != nil {
		return Entrance{}, fmt.Errorf("hash: %w", err)
	}
	if err := d.store.TakeLink(ctx, t.Hash(), a, d.now()); err != nil {
		if errors.Is(err, ErrNotFound) {
			err = ErrLink
		}
		return Entrance{}, err
	}
	if err := d.log(ctx, Entry{By: a.Name, Action: ActSetUp, Subject: a.Name}); err != nil {
		return Entrance{}, err
	}
	return d.open(ctx, a, "")
}

func checkAdminName(name string) (Problem, bool) {
	n := utf8.RuneCountInString(name)
	bad := n == 0 || n > adminNameMax || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) ||
		name == "start" || name == "cli" // who else stands in the log
	return Problem{Code: "error.admin.name", Args: map[string]any{"max": adminNameMax}}, bad
}

func checkPassphrase(passphrase, name string) (Problem, bool) {
	n := utf8.RuneCountInString(passphrase)
	distinct := map[rune]bool{}
	for _, r := range passphrase {
		distinct[r] = true
	}
	switch {
	case n < PassphraseMin:
		return Problem{Code: "error.admin.short", Args: map[string]any{"min": PassphraseMin, "n": n}}, true
	case n > passphraseMax:
		return Problem{Code: "error.admin.long", Args: map[string]any{"max": passphraseMax}}, true
	case len(distinct) < 5, strings.EqualFold(strings.TrimSpace(passphrase), name):
		return Problem{Code: "error.admin.easy"}, true
	}
	return Problem{}, false
}

// Entrance is what somebody who was let in holds from then on.
type Entrance struct {
	Admin           Admin
	Session, Device Token
}

// SignIn lets an admin in. Each session is a new one, whatever was held before; a
// device that the admin has signed in from stays known.
func (d *Door) SignIn(ctx context.Context, name, passphrase, code string, device Token) (Entrance, error) {
	a, err := d.find(ctx, strings.TrimSpace(name))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Entrance{}, err
	}
	ok, err := d.hasher.Check(ctx, passphrase, a.Hash) // of nobody too, so that it takes as long
	if err != nil {
		return Entrance{}, fmt.Errorf("check passphrase: %w", err)
	}
	if !ok || a.Hash == "" {
		return Entrance{}, ErrSignIn
	}
	if err := d.takeCode(ctx, a, code); err != nil {
		return Entrance{}, err
	}
	if err := d.log(ctx, Entry{By: a.Name, Action: ActSignIn}); err != nil {
		return Entrance{}, err
	}
	return d.open(ctx, a, device)
}

// takeCode wants a code of an admin who has codes; each is good once.
func (d *Door) takeCode(ctx context.Context, a Admin, code string) error {
	if a.Seed == nil {
		return nil
	}
	at, ok := a.Seed.match(code, d.wall())
	if !ok {
		return ErrSignIn
	}
	taken, err := d.store.TakeStep(ctx, a.Name, at)
	if err == nil && !taken {
		err = ErrSignIn
	}
	return err
}

// open gives an admin a session, and the device a pass unless it has one.
func (d *Door) open(ctx context.Context, a Admin, device Token) (Entrance, error) {
	now := d.now()
	e := Entrance{Admin: a, Session: NewToken(), Device: device}
	if err := d.store.InsertPass(ctx, Pass{Hash: e.Session.Hash(), Kind: PassSession, Admin: a.Name, EndsAt: now.Add(SessionTime)}, now); err != nil {
		return Entrance{}, fmt.Errorf("open session: %w", err)
	}
	if whose, err := d.Known(ctx, device); err != nil || whose == a.Name {
		return e, err
	}
	e.Device = NewToken()
	if err := d.store.InsertPass(ctx, Pass{Hash: e.Device.Hash(), Kind: PassDevice, Admin: a.Name, EndsAt: now.Add(DeviceTime)}, now); err != nil {
		return Entrance{}, fmt.Errorf("know device: %w", err)
	}
	return e, nil
}

// Known is the admin who has signed in from a device; "": nobody has.
func (d *Door) Known(ctx context.Context, device Token) (string, error) {
	if device == "" {
		return "", nil
	}
	p, err := d.store.FindPass(ctx, device.Hash(), PassDevice, d.now())
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return p.Admin, err
}

// Session returns whose session a token is of; ErrSignedOut: nobody's.
func (d *Door) Session(ctx context.Context, t Token) (Admin, error) {
	if t == "" {
		return Admin{}, ErrSignedOut
	}
	p, err := d.store.FindPass(ctx, t.Hash(), PassSession, d.now())
	if err == nil {
		var a Admin
		if a, err = d.find(ctx, p.Admin); err == nil {
			return a, nil
		}
	}
	if errors.Is(err, ErrNotFound) {
		err = ErrSignedOut
	}
	return Admin{}, err
}

// SignOut ends a session.
func (d *Door) SignOut(ctx context.Context, t Token) error {
	return d.store.DeletePass(ctx, t.Hash())
}

// Admins lists the admins, the owner first.
func (d *Door) Admins(ctx context.Context) ([]Admin, error) {
	list, err := d.store.Admins(ctx)
	slices.SortFunc(list, func(a, b Admin) int {
		if a.Owner != b.Owner {
			if a.Owner {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return list, err
}

func (d *Door) find(ctx context.Context, name string) (Admin, error) {
	list, err := d.store.Admins(ctx)
	if err != nil {
		return Admin{}, err
	}
	i := slices.IndexFunc(list, func(a Admin) bool { return a.Name == name })
	if i < 0 {
		return Admin{}, ErrNotFound
	}
	return list[i], nil
}

// Confirm asks an admin who is signed in for the passphrase again, before what can't
// be undone.
func (d *Door) Confirm(ctx context.Context, a Admin, passphrase string) error {
	ok, err := d.hasher.Check(ctx, passphrase, a.Hash)
	if err == nil && !ok {
		err = ErrPassphrase
	}
	return err
}

// Invite gives the token of a link by which one person becomes an admin.
func (d *Door) Invite(ctx context.Context, owner Admin, passphrase string) (Token, error) {
	if !owner.Owner {
		return "", ErrNotOwner
	}
	if err := d.Confirm(ctx, owner, passphrase); err != nil {
		return "", err
	}
	list, err := d.store.Admins(ctx)
	if err != nil {
		return "", err
	}
	if len(list) >= AdminsMax {
		return "", &Error{Kind: Invalid, Code: "error.admin.crowd", Args: map[string]any{"max": AdminsMax}}
	}
	t := NewToken()
	now := d.now()
	if err := d.store.InsertPass(ctx, Pass{Hash: t.Hash(), Kind: PassInvite, Admin: owner.Name, EndsAt: now.Add(InviteTime)}, now); err != nil {
		return "", fmt.Errorf("invite: %w", err)
	}
	return t, d.log(ctx, Entry{By: owner.Name, Action: ActInvite})
}

// Remove takes an admin away, with their sessions, devices and keys.
func (d *Door) Remove(ctx context.Context, owner Admin, passphrase, name string) error {
	if !owner.Owner || owner.Name == name {
		return ErrNotOwner
	}
	if err := d.Confirm(ctx, owner, passphrase); err != nil {
		return err
	}
	if err := d.store.RemoveAdmin(ctx, name); err != nil {
		return err
	}
	return d.log(ctx, Entry{By: owner.Name, Action: ActRemove, Subject: name})
}

// ChangePassphrase gives an admin another passphrase, and ends their other sessions
// and devices.
func (d *Door) ChangePassphrase(ctx context.Context, a Admin, was, next string, here Entrance) error {
	if err := d.Confirm(ctx, a, was); err != nil {
		return err
	}
	if p, bad := checkPassphrase(next, a.Name); bad {
		return &Error{Kind: Invalid, Code: "error.admin.form", Fields: map[string]Problem{"next": p}}
	}
	var err error
	if a.Hash, err = d.hasher.Hash(ctx, next); err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	return d.change(ctx, a, ActPassphrase, here)
}

// ChangeCodes has an admin asked for one-time codes of seed, of which code is one, or
// (with code "") for none.
func (d *Door) ChangeCodes(ctx context.Context, a Admin, passphrase string, seed Seed, code string, here Entrance) error {
	if err := d.Confirm(ctx, a, passphrase); err != nil {
		return err
	}
	a.Seed = nil
	if code != "" {
		at, ok := seed.match(code, d.wall())
		if !ok {
			return &Error{Kind: Invalid, Code: "error.admin.form", Fields: map[string]Problem{"code": {Code: "error.admin.code"}}}
		}
		a.Seed, a.Step = &seed, at
	}
	return d.change(ctx, a, ActCodes, here)
}

func (d *Door) change(ctx context.Context, a Admin, action Action, here Entrance) error {
	if err := d.store.ChangeAdmin(ctx, a, here.Session.Hash(), here.Device.Hash()); err != nil {
		return fmt.Errorf("change admin: %w", err)
	}
	return d.log(ctx, Entry{By: a.Name, Action: action})
}

func (d *Door) log(ctx context.Context, e Entry) error { return audit(ctx, d.store, d.now, e) }
