package board

import (
	"context"
	"fmt"
	"time"
)

// Entry is one line of the log that admins keep of themselves: what was done, never
// what anybody wrote.
type Entry struct {
	Seq      int64 // grows with time; a store gives it
	At       time.Time
	By       string // an admin's name, "start" or "cli"
	Action   Action
	Board    string // "": the site
	Subject  string // what it was done to: a setting, a board, an admin
	Reason   string
	Old, New string // of a setting
	Unset    bool   // of a setting: the board follows all again
}

// Action is what was done. Its words are in the catalogue, as audit.ACTION.
type Action string

// What admins do at their door, and to settings and boards.
const (
	ActSetting    Action = "setting"
	ActSignIn     Action = "sign_in"
	ActSetUp      Action = "set_up" // an owner or admin has come to be
	ActOutset     Action = "outset" // the first choices are made
	ActReset      Action = "reset"  // of the owner, from the command line
	ActInvite     Action = "invite"
	ActRemove     Action = "remove_admin"
	ActPassphrase Action = "passphrase"
	ActCodes      Action = "codes"
	ActRaid       Action = "raid" // raid mode: how long it was on, and is
	ActBan        Action = "ban"  // of a network that nobody can name
	ActKey        Action = "key"  // one was made
	ActRevoke     Action = "revoke"

	ActBoardAdd    Action = "board_add"
	ActBoardTitle  Action = "board_title"
	ActBoardRules  Action = "board_rules"
	ActBoardCloses Action = "board_closes"
	ActBoardPlace  Action = "board_place"
	ActBoardEnd    Action = "board_end"
	ActDoorPhrase  Action = "door_passphrase" // of a board
	ActDoorOut     Action = "door_out"        // everybody was
	ActDoorCode    Action = "door_code"       // an invitation was made
	ActDoorRevoke  Action = "door_revoke"
	ActAsk         Action = "prompt_ask"
	ActPromptEnd   Action = "prompt_end"

	ActCircleEnd  Action = "circle_end"
	ActCirclePost Action = "circle_post" // one that was reported with its words
	ActChatEnd    Action = "chat_end"    // one whose words were reported

	ActBackup  Action = "backup"  // was made
	ActRestore Action = "restore" // what is here came from one
)

// Ledger keeps the log.
type Ledger interface {
	// Record adds an entry, and drops what is older than AuditTime.
	Record(ctx context.Context, e Entry) error
	// Entries returns those before seq (0: all), newest first, at most limit.
	Entries(ctx context.Context, before int64, limit int) ([]Entry, error)
}

// Audit writes into the log what an admin has done.
func (b *Board) Audit(ctx context.Context, e Entry) error {
	return audit(ctx, b.posts, b.now, e)
}

// Log returns what admins have done before seq (0: lately), newest first.
func (b *Board) Log(ctx context.Context, before int64, limit int) ([]Entry, error) {
	return b.posts.Entries(ctx, before, limit)
}

func audit(ctx context.Context, l Ledger, now Clock, e Entry) error {
	e.At = now()
	if err := l.Record(context.WithoutCancel(ctx), e); err != nil {
		return fmt.Errorf("log %s: %w", e.Action, err)
	}
	return nil
}

// LogEntry returns one line of the log.
func (b *Board) LogEntry(ctx context.Context, seq int64) (Entry, error) {
	list, err := b.posts.Entries(ctx, seq+1, 1)
	if err != nil {
		return Entry{}, err
	}
	if len(list) == 0 || list[0].Seq != seq {
		return Entry{}, ErrNotFound
	}
	return list[0], nil
}

// at is a Clock that stands.
func at(now time.Time) Clock { return func() time.Time { return now } }
