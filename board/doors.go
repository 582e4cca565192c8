package board

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"
)

// Access says who may come onto a board.
type Access string

// The choices of access.
const (
	ForAll       Access = "open"
	ByLink       Access = "unlisted"   // whoever has its link; no list names it
	ByPassphrase Access = "passphrase" // whoever knows one that all of them share
	ByInvite     Access = "invite"     // whoever has used up a code
)

// Accesses are all there are.
var Accesses = []Access{ForAll, ByLink, ByPassphrase, ByInvite}

// HasDoor says whether something has to be shown to come in.
func (a Access) HasDoor() bool { return a == ByPassphrase || a == ByInvite }

const (
	// DoorPhraseMin is how many characters the passphrase of a board must have.
	DoorPhraseMin = 8
	// DoorUsesMax is for how many people one code may be.
	DoorUsesMax = 10_000
	// DoorCodesMax is how many codes of a board there may be.
	DoorCodesMax = 100
	// DoorLifeLeast is the shortest that a code may be good for.
	DoorLifeLeast = time.Minute
	// DoorLifeMost is the longest.
	DoorLifeMost = 365 * 24 * time.Hour
)

// Lock is what is kept of a board's door.
type Lock struct {
	Board  string
	Epoch  [16]byte // random; another one puts everybody out
	Phrase string   // the hash of its passphrase; "": it has none
}

// newLock is a lock that nobody has come through.
func newLock(slug, phrase string) Lock {
	l := Lock{Board: slug, Phrase: phrase}
	rand.Read(l.Epoch[:])
	return l
}

// Code is an invitation for a number of people, as it is kept.
type Code struct {
	Number int64 // it is called by it; a store gives it
	Board  string
	Hash   [32]byte
	Left   int // how many may still come in by it
	EndsAt time.Time
}

// InviteCode opens a door to whoever holds it, in one spelling: "abcd-efgh-ijkl-mnop".
// Stores know its Hash alone.
type InviteCode string

const (
	codeLetters = "abcdefghijklmnopqrstuvwxyz234567"
	codeLength  = 16 // of five bits each
	codeGroup   = 4
)

// NewInviteCode draws a code.
func NewInviteCode() InviteCode {
	var b [codeLength]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = codeLetters[b[i]%byte(len(codeLetters))]
	}
	return spelled(string(b[:]))
}

func spelled(letters string) InviteCode {
	var groups []string
	for part := range slices.Chunk([]byte(letters), codeGroup) {
		groups = append(groups, string(part))
	}
	return InviteCode(strings.Join(groups, "-"))
}

// ParseInviteCode reads a code as people type it: in either case, with or without its
// dashes, and with the digits that look like a letter.
func ParseInviteCode(text string) (InviteCode, bool) {
	if len(text) > 4*codeLength {
		return "", false
	}
	letters := make([]byte, 0, codeLength)
	for _, r := range strings.ToLower(text) {
		switch r {
		case '-', ' ', '\t':
			continue
		case '0':
			r = 'o'
		case '1':
			r = 'l'
		case '8':
			r = 'b'
		}
		if r > 'z' || !strings.ContainsRune(codeLetters, r) || len(letters) == codeLength {
			return "", false
		}
		letters = append(letters, byte(r))
	}
	if len(letters) != codeLength {
		return "", false
	}
	return spelled(string(letters)), true
}

// Hash is what is kept of a code.
func (c InviteCode) Hash() [32]byte { return sha256.Sum256([]byte("door " + c)) }

// DoorStore is what Doors ask of a store. A board that is not there is not found. Each
// change is one step with its entry in the log.
type DoorStore interface {
	// Locks lists the locks there are.
	Locks(ctx context.Context) ([]Lock, error)
	// SaveLock stores a lock in place of the one that its board had.
	SaveLock(ctx context.Context, l Lock, e Entry) error
	// InsertCode stores a code and, if its board has no lock, that one. It drops what has
	// ended, and gives the code its number, which becomes the subject of the entry.
	InsertCode(ctx context.Context, c Code, l Lock, e Entry) error
	// Codes lists the codes of a board that have not ended, the newest first.
	Codes(ctx context.Context, slug string, now time.Time) ([]Code, error)
	// ClaimCode takes one use of a board's code: of callers at once, as many get one as
	// there are. The others are not found.
	ClaimCode(ctx context.Context, slug string, hash [32]byte, now time.Time) error
	// DeleteCode forgets a code of a board.
	DeleteCode(ctx context.Context, slug string, number int64, e Entry) error
}

// AccessSetting is where Doors read and change who may come onto a board: a Tuner.
type AccessSetting interface {
	Settings(board string) Settings
	Apply(ctx context.Context, by, board string, values map[string]string) error
}

// Doors let people onto boards. Whoever was let in holds a stamp, which is the same for
// all of them: it is of the board and its lock's epoch, and of nobody.
type Doors struct {
	store  DoorStore
	tuner  AccessSetting
	hasher Hasher
	key    [32]byte // MACs stamps
	now    Clock

	locks atomic.Pointer[map[string]lockNow]

	checking chan struct{} // holds one token: who has it makes a hash
	mu       sync.Mutex    // of what follows
	known    map[string]knownPhrase
	pepper   [32]byte // of known
	watchers []func(ctx context.Context, board string)

	following sync.Mutex
}

// lockNow is a lock with the stamp of each kind of door that it makes.
type lockNow struct {
	Lock
	stamps map[Access]string
}

// knownPhrase is the right passphrase as somebody has once given it, under a key that is
// in memory alone. With it a flood of wrong ones costs no hashes, and keeps nobody out.
type knownPhrase struct {
	hash string // the one that it was found right by
	mac  [32]byte
}

// NewDoors loads the locks. The key MACs what visitors hold.
func NewDoors(ctx context.Context, store DoorStore, tuner AccessSetting, hasher Hasher, key [32]byte, now Clock) (*Doors, error) {
	d := &Doors{store: store, tuner: tuner, hasher: hasher, key: key, now: now, known: map[string]knownPhrase{}, checking: make(chan struct{}, 1)}
	rand.Read(d.pepper[:])
	d.locks.Store(&map[string]lockNow{})
	return d, d.Follow(ctx)
}

// Watch calls f with each board whose lock was turned: who was inside is outside.
func (d *Doors) Watch(f func(ctx context.Context, board string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers = append(d.watchers, f)
}

// Follow takes over what another process (mayfly board door) has changed. Call it every
// second.
func (d *Doors) Follow(ctx context.Context) error {
	d.following.Lock()
	defer d.following.Unlock()
	list, err := d.store.Locks(ctx)
	if err != nil {
		return fmt.Errorf("load locks: %w", err)
	}
	before, next := *d.locks.Load(), make(map[string]lockNow, len(list))
	for _, l := range list {
		if was, same := before[l.Board]; same && was.Lock == l {
			next[l.Board] = was
			continue
		}
		next[l.Board] = lockNow{l, map[Access]string{ByPassphrase: d.stamp(l, ByPassphrase), ByInvite: d.stamp(l, ByInvite)}}
	}
	d.locks.Store(&next)
	for _, slug := range slices.Sorted(maps.Keys(before)) {
		if next[slug].Epoch != before[slug].Epoch {
			d.tell(ctx, slug)
		}
	}
	return nil
}

func (d *Doors) tell(ctx context.Context, slug string) {
	d.mu.Lock()
	watchers := slices.Clone(d.watchers)
	d.mu.Unlock()
	for _, f := range watchers {
		f(ctx, slug)
	}
}

func (d *Doors) stamp(l Lock, a Access) string {
	h := sum(d.key[:], "door", []byte(l.Board), []byte(a), l.Epoch[:])
	return Tag(h[:16]).String()
}

// lock is the lock of a board; false: it has none, and nobody comes in.
func (d *Doors) lock(slug string) (lockNow, bool) {
	l, ok := (*d.locks.Load())[slug]
	return l, ok
}

// Stamps are those that somebody holds, or says they hold, for a board.
type Stamps func(slug string) []string

type (
	holdsKey struct{}
	hostKey  struct{}
)

// Holding is ctx for somebody who holds stamps. Without it nobody passes a door.
func Holding(ctx context.Context, stamps Stamps) context.Context {
	return context.WithValue(ctx, holdsKey{}, stamps)
}

// AsHost is ctx for who runs the boards: all doors are open to them.
func AsHost(ctx context.Context) context.Context { return context.WithValue(ctx, hostKey{}, true) }

func isHost(ctx context.Context) bool { return ctx.Value(hostKey{}) != nil }

// Open says whether the door of a board is open to whoever ctx is of.
func (d *Doors) Open(ctx context.Context, slug string, a Access) bool {
	if !a.HasDoor() || isHost(ctx) {
		return true
	}
	stamps, holds := ctx.Value(holdsKey{}).(Stamps)
	if d == nil || !holds {
		return false
	}
	l, ok := d.lock(slug)
	if !ok {
		return false
	}
	return slices.ContainsFunc(stamps(slug), func(held string) bool {
		return subtle.ConstantTimeCompare([]byte(held), []byte(l.stamps[a])) == 1
	})
}

// The refusals of a door.
var (
	errDoorPhrase = doorRefusal("passphrase", "error.door.wrong")
	errDoorCode   = doorRefusal("code", "error.door.code")
	// ErrDoorUnset says that nobody can come in, as a passphrase has yet to be set.
	ErrDoorUnset = doorRefusal("passphrase", "error.door.unset")
)

func doorRefusal(field, code string) *Error {
	return &Error{Kind: Forbidden, Code: code, Fields: map[string]Problem{field: {Code: code}}}
}

// outside is the one answer of a board to who has not come through its door.
func outside(slug string) *Error {
	return &Error{Kind: Outside, Code: "error.outside", Args: map[string]any{"board": slug}}
}

// Show is what somebody shows at a door: the one or the other.
type Show struct{ Passphrase, Code string }

// Enter returns the stamp for what somebody shows at a board's door; "" where the board
// has none.
func (d *Doors) Enter(ctx context.Context, slug string, s Show) (string, error) {
	switch a := d.tuner.Settings(slug).Access; a {
	case ByPassphrase:
		l, err := d.tryPhrase(ctx, slug, s.Passphrase)
		return l.stamps[a], err
	case ByInvite:
		l, err := d.useCode(ctx, slug, s.Code)
		return l.stamps[a], err
	case ForAll, ByLink:
	}
	return "", nil
}

// HostStamp is the stamp for an admin, who needs to show nothing; "" where there is no
// door, or none that anybody can come through.
func (d *Doors) HostStamp(slug string) string {
	l, _ := d.lock(slug)
	return l.stamps[d.tuner.Settings(slug).Access]
}

// useCode takes one use of a code, and returns the lock that it opens.
func (d *Doors) useCode(ctx context.Context, slug, text string) (lockNow, error) {
	code, ok := ParseInviteCode(text)
	if !ok {
		return lockNow{}, errDoorCode
	}
	if _, known := d.lock(slug); !known { // another process has just made it
		if err := d.Follow(ctx); err != nil {
			return lockNow{}, err
		}
	}
	err := d.store.ClaimCode(ctx, slug, code.Hash(), d.now())
	if errors.Is(err, ErrNotFound) {
		err = errDoorCode
	}
	if err != nil {
		return lockNow{}, err
	}
	l, _ := d.lock(slug)
	return l, nil
}

// tryPhrase returns the lock that a passphrase opens.
func (d *Doors) tryPhrase(ctx context.Context, slug, text string) (lockNow, error) {
	l, _ := d.lock(slug)
	if l.Phrase == "" {
		return lockNow{}, ErrDoorUnset
	}
	phrase := tidyPhrase(text)
	if utf8.RuneCountInString(phrase) > passphraseMax {
		return lockNow{}, errDoorPhrase
	}
	right, known := d.recall(l, phrase)
	if !known {
		var err error
		if right, err = d.hash(ctx, l, phrase); err != nil {
			return lockNow{}, err
		}
	}
	if !right {
		return lockNow{}, errDoorPhrase
	}
	return l, nil
}

// hash checks a passphrase against what is kept of the right one, one at a time.
func (d *Doors) hash(ctx context.Context, l lockNow, phrase string) (bool, error) {
	select {
	case d.checking <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	defer func() { <-d.checking }()
	if right, known := d.recall(l, phrase); known { // since this one waited
		return right, nil
	}
	right, err := d.hasher.Check(ctx, phrase, l.Phrase)
	if err != nil {
		return false, fmt.Errorf("check passphrase: %w", err)
	}
	if right {
		d.remember(l.Lock, phrase)
	}
	return right, nil
}

func (d *Doors) recall(l lockNow, phrase string) (right, known bool) {
	d.mu.Lock()
	k := d.known[l.Board]
	d.mu.Unlock()
	if k.hash != l.Phrase {
		return false, false
	}
	mac := d.phraseMAC(l.Board, phrase)
	return hmac.Equal(mac[:], k.mac[:]), true
}

func (d *Doors) remember(l Lock, phrase string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known[l.Board] = knownPhrase{l.Phrase, d.phraseMAC(l.Board, phrase)}
}

func (d *Doors) phraseMAC(slug, phrase string) [32]byte {
	return sum(d.pepper[:], "phrase", []byte(slug), []byte(phrase))
}

// tidyPhrase forgives the spaces that phones put around words.
func tidyPhrase(text string) string { return strings.Join(strings.Fields(text), " ") }

func checkDoorPhrase(phrase string) error {
	n := utf8.RuneCountInString(phrase)
	distinct := map[rune]bool{}
	for _, r := range phrase {
		distinct[r] = true
	}
	switch {
	case !utf8.ValidString(phrase):
		return refused("passphrase", "error.body.utf8")
	case n < DoorPhraseMin:
		return refused("passphrase", "error.admin.short", "min", DoorPhraseMin, "n", n)
	case n > passphraseMax:
		return refused("passphrase", "error.admin.long", "max", passphraseMax)
	case len(distinct) < 4:
		return refused("passphrase", "error.door.easy")
	}
	return nil
}

// Set says who may come onto a board. A phrase becomes the passphrase of its door, and
// puts everybody out who came by the one before; without one the board keeps what it has,
// and one that has none can't be for those who know it.
func (d *Doors) Set(ctx context.Context, by, slug string, a Access, phrase string) error {
	if !slices.Contains(Accesses, a) {
		return refused("access", "error.door.access")
	}
	if phrase = tidyPhrase(phrase); a == ByPassphrase && phrase != "" {
		if err := d.rotate(ctx, by, slug, phrase); err != nil {
			return err
		}
	}
	if l, _ := d.lock(slug); a == ByPassphrase && l.Phrase == "" {
		return refused("passphrase", "error.door.first")
	}
	if d.tuner.Settings(slug).Access == a {
		return nil
	}
	return d.tuner.Apply(ctx, by, slug, map[string]string{"access": string(a)})
}

func (d *Doors) rotate(ctx context.Context, by, slug, phrase string) error {
	if err := checkDoorPhrase(phrase); err != nil {
		return err
	}
	hash, err := d.hasher.Hash(ctx, phrase)
	if err != nil {
		return fmt.Errorf("hash: %w", err)
	}
	l := newLock(slug, hash)
	if err := d.store.SaveLock(ctx, l, d.entry(by, ActDoorPhrase, slug)); err != nil {
		return fmt.Errorf("set passphrase: %w", err)
	}
	d.remember(l, phrase)
	return d.Follow(ctx)
}

// TurnOut puts everybody out of a board. Its passphrase, and what codes it has, open it
// again.
func (d *Doors) TurnOut(ctx context.Context, by, slug string) error {
	l, _ := d.lock(slug)
	if err := d.store.SaveLock(ctx, newLock(slug, l.Phrase), d.entry(by, ActDoorOut, slug)); err != nil {
		return fmt.Errorf("turn out: %w", err)
	}
	return d.Follow(ctx)
}

// Invite makes a code by which so many people come onto a board, for so long. Nobody can
// be told it again.
func (d *Doors) Invite(ctx context.Context, by, slug string, uses int, life time.Duration) (InviteCode, error) {
	bad := refusal()
	if uses < 1 || uses > DoorUsesMax {
		bad.Fields["uses"] = Problem{Code: "error.door.uses", Args: map[string]any{"max": DoorUsesMax}}
	}
	if life < DoorLifeLeast || life > DoorLifeMost {
		bad.Fields["life"] = Problem{Code: "error.door.life", Args: map[string]any{"min": FormatLife(DoorLifeLeast), "max": FormatLife(DoorLifeMost)}}
	}
	if len(bad.Fields) > 0 {
		return "", bad
	}
	list, err := d.Codes(ctx, slug)
	if err != nil {
		return "", err
	}
	if len(list) >= DoorCodesMax {
		return "", refused("uses", "error.door.codes", "max", DoorCodesMax)
	}
	code := NewInviteCode()
	kept := Code{Board: slug, Hash: code.Hash(), Left: uses, EndsAt: d.now().Add(life)}
	e := d.entry(by, ActDoorCode, slug)
	e.New = strconv.Itoa(uses)
	if err := d.store.InsertCode(ctx, kept, newLock(slug, ""), e); err != nil {
		return "", fmt.Errorf("invite: %w", err)
	}
	return code, d.Follow(ctx)
}

// Codes lists the codes of a board that have not ended, the newest first.
func (d *Doors) Codes(ctx context.Context, slug string) ([]Code, error) {
	return d.store.Codes(ctx, slug, d.now())
}

// Revoke takes a code back. Who has come in by it stays.
func (d *Doors) Revoke(ctx context.Context, by, slug string, number int64) error {
	e := d.entry(by, ActDoorRevoke, slug)
	e.Subject = strconv.FormatInt(number, 10)
	return d.store.DeleteCode(ctx, slug, number, e)
}

// HasPhrase says whether a board has a passphrase.
func (d *Doors) HasPhrase(slug string) bool {
	l, _ := d.lock(slug)
	return l.Phrase != ""
}

func (d *Doors) entry(by string, act Action, slug string) Entry {
	return Entry{At: d.now(), By: by, Action: act, Board: slug}
}

// enter is the one rule of who may come onto a board: nil, or the refusal of its door.
func (b *Board) enter(ctx context.Context, slug string) error {
	if b.doors.Open(ctx, slug, b.settings(slug).Access) {
		return nil
	}
	return outside(slug)
}

// listed says whether a list of boards names one to whoever ctx is of.
func (b *Board) listed(ctx context.Context, slug string) bool {
	a := b.settings(slug).Access
	return isHost(ctx) || a != ByLink && b.doors.Open(ctx, slug, a)
}

// DoorTurned puts who reads a board live outside. It is a watcher of the Doors.
func (b *Board) DoorTurned(ctx context.Context, slug string) {
	if b.settings(slug).Access.HasDoor() {
		b.tell(ctx, Event{Kind: TurnedOut, Board: slug})
	}
}
