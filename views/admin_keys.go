package views

import (
	"slices"
	"strings"

	"mayfly/board"
)

// KeyList is what the page of keys is drawn from.
type KeyList struct {
	Keys []board.Pass
	Made string // a key that was just made

	Revoked bool // one just was

	Label, Lasts string // as they were sent
	Scopes       []string
	Refused      Refused
}

// Keys is the page of keys.
type Keys struct {
	Admin
	Made     string
	Done     string
	List     []KeyRow
	Label    Input
	Lasts    Input
	Scopes   []Choice
	ScopeErr string
	Err      string
}

// KeyRow is one key of the list.
type KeyRow struct {
	ID, Label, What, Revoke string
}

// keyLasts is how long a key is good for, unless its maker says otherwise.
const keyLasts = "90d"

// NewKeys draws up the page of keys.
func NewKeys(d Desk, k KeyList) Keys {
	p, wrong := d.Words, k.Refused.Fields
	if k.Lasts == "" {
		k.Lasts = keyLasts
	}
	out := Keys{
		Admin: d.admin("keys", p.Say("admin.keys_lead")), Made: k.Made, Err: k.Refused.All, ScopeErr: wrong["scope"],
		Label: Input{ID: "label", Name: "label", Label: p.Say("admin.key_label"), Hint: p.Say("admin.key_label_hint"), Value: k.Label, Err: wrong["label"], Auto: "off"},
		Lasts: Input{ID: "lasts", Name: "lasts", Label: p.Say("admin.key_lasts"), Hint: p.Say("admin.key_lasts_hint"), Value: k.Lasts, Err: wrong["lasts"], Auto: "off"},
	}
	if k.Revoked {
		out.Done = p.Say("admin.revoked")
	}
	for _, scope := range board.Scopes {
		name := string(scope)
		out.Scopes = append(out.Scopes, Choice{name, p.Say("admin.scope." + name), slices.Contains(k.Scopes, name)})
	}
	for _, key := range k.Keys {
		what := []string{}
		for _, scope := range key.Scopes {
			what = append(what, p.Say("admin.scope."+string(scope)))
		}
		line := p.Say("admin.key_line", "scopes", strings.Join(what, ", "), "admin", key.Admin, "time", key.EndsAt.Sub(d.Now))
		out.List = append(out.List, KeyRow{key.ID(), key.Label, line, p.Say("admin.revoke_what", "key", key.Label)})
	}
	return out
}
