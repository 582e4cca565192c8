package board

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// AddKey gives an admin a key of the API, which is shown this once.
func (d *Door) AddKey(ctx context.Context, a Admin, label string, scopes []Scope, lasts time.Duration) (Token, error) {
	label = strings.Join(strings.Fields(label), " ")
	fields := map[string]Problem{}
	if n := utf8.RuneCountInString(label); n == 0 || n > keyLabelMax || !utf8.ValidString(label) {
		fields["label"] = Problem{Code: "error.admin.label", Args: map[string]any{"max": keyLabelMax}}
	}
	if len(scopes) == 0 || slices.ContainsFunc(scopes, func(s Scope) bool { return !slices.Contains(Scopes, s) }) {
		fields["scope"] = Problem{Code: "error.admin.scope"}
	}
	if lasts <= 0 || lasts > KeyTimeMax {
		fields["lasts"] = Problem{Code: "error.admin.lasts", Args: map[string]any{"max": KeyTimeMax}}
	}
	if len(fields) > 0 {
		return "", &Error{Kind: Invalid, Code: "error.admin.form", Fields: fields}
	}
	now := d.now()
	list, err := d.store.Passes(ctx, PassKey, now)
	if err != nil {
		return "", err
	}
	if len(list) >= KeysMax {
		return "", &Error{Kind: Invalid, Code: "error.admin.keys", Args: map[string]any{"max": KeysMax}}
	}
	t := NewToken()
	p := Pass{Hash: t.Hash(), Kind: PassKey, Admin: a.Name, Label: label, Scopes: slices.Compact(slices.Sorted(slices.Values(scopes))), EndsAt: now.Add(lasts)}
	if err := d.store.InsertPass(ctx, p, now); err != nil {
		return "", fmt.Errorf("store key: %w", err)
	}
	return t, d.log(ctx, Entry{By: a.Name, Action: ActKey, Subject: label})
}

// Keys lists the keys of the API that an admin may revoke: their own, or all for the
// owner.
func (d *Door) Keys(ctx context.Context, a Admin) ([]Pass, error) {
	list, err := d.store.Passes(ctx, PassKey, d.now())
	return slices.DeleteFunc(list, func(p Pass) bool { return !a.Owner && p.Admin != a.Name }), err
}

// RevokeKey ends a key that Keys lists, by its ID.
func (d *Door) RevokeKey(ctx context.Context, a Admin, id string) error {
	list, err := d.Keys(ctx, a)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(p Pass) bool { return p.ID() == id })
	if i < 0 {
		return ErrNotFound
	}
	if err := d.store.DeletePass(ctx, list[i].Hash); err != nil {
		return err
	}
	return d.log(ctx, Entry{By: a.Name, Action: ActRevoke, Subject: list[i].Label})
}

// ByKey returns the admin whose key a token is, if it is good for scope. ErrSignedOut:
// it is nobody's; one of kind Forbidden: it is good for something else.
func (d *Door) ByKey(ctx context.Context, t Token, scope Scope) (Admin, error) {
	p, err := d.store.FindPass(ctx, t.Hash(), PassKey, d.now())
	if errors.Is(err, ErrNotFound) {
		return Admin{}, ErrSignedOut
	}
	if err != nil {
		return Admin{}, err
	}
	if !slices.Contains(p.Scopes, scope) {
		return Admin{}, &Error{Kind: Forbidden, Code: "error.admin.not_in_scope", Args: map[string]any{"scope": string(scope)}}
	}
	return d.find(ctx, p.Admin)
}
