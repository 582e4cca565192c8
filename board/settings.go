package board

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Settings are what an admin changes while Mayfly runs. Add one as a field here
// and a line in Knobs; pages, command line, API, audit and docs are drawn from it.
type Settings struct {
	TTLMin, TTLDefault, TTLMax time.Duration
	LifePerHeart, LifePerDown  time.Duration
	VanishScore                int // at or below it a post is gone
	VisitorTTL                 time.Duration
	PostChars                  int // characters a post may have
	K                          int // no count of people below it is shown
	State                      State
	Access                     Access // who may come in at all
	LookAlikes                 bool   // posts that say nearly the same take one line of a feed
	SlowSeconds                int    // between two posts or replies of a visitor where State is Slow
	Post, Reply, Vote          Rate
	Open, Page                 Rate
	Search                     Rate
	Cards, Unlisted, ViewOnce  bool
	Circles                    bool     // new ones may be made
	CirclesMax                 int      // so many there may be at a time
	CircleCap                  int      // members that a new one may have at most
	Chats                      bool     // authors may let themselves be asked in private
	ChatsMax                   int      // so many may go on under a post
	Backdrops                  []string // of those cards may have; none: all
	DailyQuestion              bool     // the host asks one each day, from a set
	QuestionSet                string   // which of StarterSets
	HostLanguage               string   // which of HostLanguages its words are in
	SiteName                   string   // what the whole site is called
	Snapshots                  Snapshots
	Careful                    time.Duration // how long a site is careful, from its first choices on
	AboutText, Contact, Terms  string        // the host's own words
	AgeNotice                  AgeNotice
	Pictures                   Pictures
	ViewOncePictures           bool
	Picture                    Rate    // posts with one, which are charged as posts too
	Places                     bool    // posts may say where
	PlaceList                  []Place // and these are the answers
	Report                     Rate
	ReportsToHide              int            // so many hide a post until an admin has looked
	Socket                     int            // open sockets an address may have
	Pow                        Pow            // when a write costs a proof of work
	PowBits                    int            // and what it costs: 2 to this many steps
	Alerts                     bool           // hosts are told, where they said, that something waits
	SharedNetworks             []netip.Prefix // schools, carriers: fifty times as wide
	Hygiene                    bool           // what hides or disturbs is taken from texts
	Doxx                       Doxx           // what happens to a draft that gives somebody away
	Nudge                      string         // a line of the host's above the send button; "": none
	CareCard                   string         // what is shown to whoever wrote something that calls for care; "": our own words

	Storm    bool // raid mode is on, which is no setting: see Storms
	Cautious bool // nor is the careful time: see Outset
}

// Rate is how often something may be done. The zero Rate is unlimited.
type Rate struct {
	PerMinute int
	Burst     int
}

// Pow says when writing costs a proof of work.
type Pow string

// The choices of pow.
const (
	PowOff      Pow = "off"
	PowAdaptive Pow = "adaptive" // past the limits that many share, and of newcomers while a place is loud
	PowAlways   Pow = "always"   // each write
)

// PowBitsMax is the most that pow_bits may be, and the most that is ever asked.
const PowBitsMax = 24

// Unlimited says whether there is no limit.
func (r Rate) Unlimited() bool { return r.PerMinute == 0 }

// Times is a rate n times as wide.
func (r Rate) Times(n int) Rate { return Rate{r.PerMinute * n, r.Burst * n} }

// String is "6/3": six a minute, three at once.
func (r Rate) String() string {
	if r.Unlimited() {
		return "0"
	}
	return fmt.Sprintf("%d/%d", r.PerMinute, r.Burst)
}

// Knob is one setting: how it is called, read and bounded. Its help is in the
// catalogue, as setting.NAME.
type Knob struct {
	Name     string
	Default  string
	Min, Max string   // "" where bounds say nothing
	Site     bool     // one value for all boards: no board may differ
	Kind     KnobKind // how a form asks for it
	Choices  []string // of a KnobChoice
	get      func(*Settings) string
	set      func(*Settings, string) error
}

// KnobKind is what sort of value a setting has.
type KnobKind uint8

// The kinds of settings.
const (
	KnobText KnobKind = iota
	KnobLife
	KnobWhole
	KnobOnOff
	KnobChoice
	KnobRate
	KnobLines // text of several lines, which has a page of its own
)

// UnfitError says why a setting can't be had. Error is the one sentence, in English, that
// commands print; pages say the same in their reader's language, by Code.
type UnfitError struct {
	Board       string // the one it would not suit; "": the one that was meant
	Name, Value string // the setting's; no name: several together
	Code        string
	Args        map[string]any

	text string
}

// Error names the setting and says what would do.
func (u *UnfitError) Error() string {
	text := u.text
	if u.Name != "" {
		text = fmt.Sprintf("setting %s=%s: %s", u.Name, u.Value, text)
	}
	if u.Board != "" {
		text = fmt.Sprintf("on board %s: %s", u.Board, text)
	}
	return text
}

// Text is Error without the setting's name.
func (u *UnfitError) Text() string { return u.text }

// unfit is a reason; args are pairs of name and value.
func unfit(code, text string, args ...any) *UnfitError {
	u := &UnfitError{Code: "unfit." + code, Args: map[string]any{}, text: text}
	for i := 0; i+1 < len(args); i += 2 {
		u.Args[args[i].(string)] = args[i+1]
	}
	return u
}

// of is the reason why a setting can't have a value.
func (u UnfitError) of(name, value string) *UnfitError {
	u.Name, u.Value = name, value
	return &u
}

// reason makes an UnfitError of what a knob has refused a value with.
func reason(err error, name, value string) *UnfitError {
	u, ok := errors.AsType[*UnfitError](err)
	if !ok {
		u = unfit("text", err.Error(), "text", err.Error())
	}
	return u.of(name, value)
}

// Read is value as Get would write it in s; the error says why it can't be had.
func (k Knob) Read(s Settings, value string) (string, *UnfitError) {
	if err := k.set(&s, strings.TrimSpace(value)); err != nil {
		return "", reason(err, k.Name, value)
	}
	return k.Get(s), nil
}

// Get is the setting's value in s, as Set reads it.
func (k Knob) Get(s Settings) string { return k.get(&s) }

// Knobs is the one table of settings (SPEC 8).
var Knobs = []Knob{
	life("ttl_min", "1m", "1s", "30d", func(s *Settings) *time.Duration { return &s.TTLMin }),
	life("ttl_default", "24h", "1s", "30d", func(s *Settings) *time.Duration { return &s.TTLDefault }),
	life("ttl_max", "7d", "1s", "30d", func(s *Settings) *time.Duration { return &s.TTLMax }),
	life("life_per_heart", "10m", "0s", "1d", func(s *Settings) *time.Duration { return &s.LifePerHeart }),
	life("life_per_down", "10m", "0s", "1d", func(s *Settings) *time.Duration { return &s.LifePerDown }),
	whole("vanish_score", -5, -1000, -1, func(s *Settings) *int { return &s.VanishScore }),
	site(life("visitor_ttl", "7d", "1h", "30d", func(s *Settings) *time.Duration { return &s.VisitorTTL })),
	whole("post_chars", 1000, 1, 10_000, func(s *Settings) *int { return &s.PostChars }),
	choice("board", Open, []State{Open, Slow, ReadOnly, ForNow}, func(s *Settings) *State { return &s.State }),
	choice("access", ForAll, Accesses, func(s *Settings) *Access { return &s.Access }),
	whole("slow_seconds", 60, 5, 3600, func(s *Settings) *int { return &s.SlowSeconds }),
	onOff("lookalikes", "on", func(s *Settings) *bool { return &s.LookAlikes }),
	onOff("cards", "on", func(s *Settings) *bool { return &s.Cards }),
	{
		Name: "backdrops", Default: allBackdrops,
		get: func(s *Settings) string { return formatBackdrops(s.Backdrops) },
		set: func(s *Settings, v string) (err error) {
			s.Backdrops, err = parseBackdrops(v)
			return err
		},
	},
	onOff("unlisted", "on", func(s *Settings) *bool { return &s.Unlisted }),
	onOff("view_once", "on", func(s *Settings) *bool { return &s.ViewOnce }),
	site(onOff("circles", "on", func(s *Settings) *bool { return &s.Circles })),
	site(whole("circles_max", 200, 1, 10_000, func(s *Settings) *int { return &s.CirclesMax })),
	site(whole("circle_cap", 150, 12, 150, func(s *Settings) *int { return &s.CircleCap })),
	onOff("chats", "off", func(s *Settings) *bool { return &s.Chats }),
	whole("chats_max", 20, 1, 200, func(s *Settings) *int { return &s.ChatsMax }),
	site(onOff("daily_question", "on", func(s *Settings) *bool { return &s.DailyQuestion })),
	site(choice("question_set", StarterSets[0], StarterSets, func(s *Settings) *string { return &s.QuestionSet })),
	site(choice("host_language", HostLanguages[0], HostLanguages, func(s *Settings) *string { return &s.HostLanguage })),
	choice("pictures", PicturesBlurred, []Pictures{PicturesOn, PicturesBlurred, PicturesOff}, func(s *Settings) *Pictures { return &s.Pictures }),
	onOff("view_once_pictures", "off", func(s *Settings) *bool { return &s.ViewOncePictures }),
	onOff("places", "on", func(s *Settings) *bool { return &s.Places }),
	{
		Name: "place_list",
		get:  func(s *Settings) string { return formatPlaces(s.PlaceList) },
		set: func(s *Settings, v string) (err error) {
			s.PlaceList, err = ParsePlaces(v)
			return err
		},
	},
	siteName(),
	hostText("about_text", KnobLines, AboutMax, func(s *Settings) *string { return &s.AboutText }),
	hostText("contact", KnobText, ContactMax, func(s *Settings) *string { return &s.Contact }),
	site(choice("snapshots", SnapshotsUnknown, []Snapshots{SnapshotsUnknown, SnapshotsYes, SnapshotsNo}, func(s *Settings) *Snapshots { return &s.Snapshots })),
	site(life("careful", "72h", "0s", "30d", func(s *Settings) *time.Duration { return &s.Careful })),
	hostText("terms", KnobLines, TermsMax, func(s *Settings) *string { return &s.Terms }),
	site(choice("age_notice", AgeOff, []AgeNotice{AgeOff, Age13, Age16, Age18}, func(s *Settings) *AgeNotice { return &s.AgeNotice })),
	site(onOff("alerts", "on", func(s *Settings) *bool { return &s.Alerts })),
	site(whole("k", 5, 2, 100, func(s *Settings) *int { return &s.K })),
	rate("post", "6/3", func(s *Settings) *Rate { return &s.Post }),
	rate("reply", "12/6", func(s *Settings) *Rate { return &s.Reply }),
	rate("vote", "30/15", func(s *Settings) *Rate { return &s.Vote }),
	rate("open", "20/10", func(s *Settings) *Rate { return &s.Open }),
	rate("report", "6/3", func(s *Settings) *Rate { return &s.Report }),
	whole("reports_to_hide", 3, 1, 1000, func(s *Settings) *int { return &s.ReportsToHide }),
	rate("picture", "3/2", func(s *Settings) *Rate { return &s.Picture }),
	rate("search", "30/10", func(s *Settings) *Rate { return &s.Search }),
	site(rate("page", "600/200", func(s *Settings) *Rate { return &s.Page })),
	site(whole("socket", 256, 0, 100_000, func(s *Settings) *int { return &s.Socket })),
	choice("pow", PowAdaptive, []Pow{PowOff, PowAdaptive, PowAlways}, func(s *Settings) *Pow { return &s.Pow }),
	whole("pow_bits", 16, 8, PowBitsMax, func(s *Settings) *int { return &s.PowBits }),
	onOff("hygiene", "on", func(s *Settings) *bool { return &s.Hygiene }),
	choice("doxx", DoxxAsk, []Doxx{DoxxOff, DoxxAsk, DoxxForbid}, func(s *Settings) *Doxx { return &s.Doxx }),
	hostText("nudge", KnobText, NudgeMax, func(s *Settings) *string { return &s.Nudge }),
	hostText("care_card", KnobLines, CareMax, func(s *Settings) *string { return &s.CareCard }),
	{
		Name: "shared_networks", Site: true,
		get: func(s *Settings) string { return joinNetworks(s.SharedNetworks) },
		set: func(s *Settings, v string) (err error) {
			s.SharedNetworks, err = ParseNetworks(v)
			return err
		},
	},
}

// DefaultSettings is every knob at its default.
func DefaultSettings() Settings {
	var s Settings
	for _, k := range Knobs {
		if err := k.set(&s, k.Default); err != nil {
			panic("default of " + k.Name + ": " + err.Error())
		}
	}
	return s
}

// With returns s with some settings changed: all of them or, when one can't be
// had, s as it was, and one sentence that says which one and what would do.
func (s Settings) With(changes map[string]string) (Settings, error) {
	next := s
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		k, err := FindKnob(name)
		if err != nil {
			return s, err
		}
		if err := k.set(&next, strings.TrimSpace(changes[name])); err != nil {
			return s, reason(err, name, changes[name])
		}
	}
	if next.TTLMin > next.TTLDefault || next.TTLDefault > next.TTLMax {
		low, def, top := FormatLife(next.TTLMin), FormatLife(next.TTLDefault), FormatLife(next.TTLMax)
		return s, unfit("order", fmt.Sprintf("settings: ttl_min (%s) ≤ ttl_default (%s) ≤ ttl_max (%s) must hold", low, def, top),
			"min", low, "default", def, "max", top)
	}
	return next, nil
}

// Equal says whether every setting is the same in both.
func (s Settings) Equal(other Settings) bool {
	return !slices.ContainsFunc(Knobs, func(k Knob) bool { return k.Get(s) != k.Get(other) })
}

// Within is s where nothing may live longer than left, as on a board that is about to
// close; in whole minutes while there are any.
func (s Settings) Within(left time.Duration) Settings {
	if left >= time.Minute {
		left = left.Truncate(time.Minute)
	}
	s.TTLMax = min(s.TTLMax, left)
	s.TTLDefault = min(s.TTLDefault, s.TTLMax)
	s.TTLMin = min(s.TTLMin, s.TTLDefault)
	return s
}

// checkOverride refuses what one board can not have for itself.
func checkOverride(values map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		k, err := FindKnob(name)
		if err != nil {
			return err
		}
		if k.Site {
			return unfit("site", fmt.Sprintf("setting %s is one for all boards; set it without a board", name), "name", name)
		}
	}
	return nil
}

// FindKnob returns the setting called name.
func FindKnob(name string) (Knob, error) {
	for _, k := range Knobs {
		if k.Name == name {
			return k, nil
		}
	}
	names := make([]string, len(Knobs))
	for i, k := range Knobs {
		names[i] = k.Name
	}
	list := strings.Join(names, ", ")
	return Knob{}, unfit("unknown", fmt.Sprintf("no setting is called “%s”; there are %s", name, list), "name", name, "names", list)
}

// site makes a setting one for all boards.
func site(k Knob) Knob {
	k.Site = true
	return k
}

func life(name, def, low, high string, field func(*Settings) *time.Duration) Knob {
	bottom, _ := ParseLife(low)
	top, _ := ParseLife(high)
	return Knob{
		Name: name, Kind: KnobLife, Default: def, Min: low, Max: high,
		get: func(s *Settings) string { return FormatLife(*field(s)) },
		set: func(s *Settings, v string) error {
			d, err := ParseLife(v)
			if err != nil || d < bottom || d > top {
				return unfit("life", fmt.Sprintf("give a time from %s to %s, such as 90s, 10m, 24h or 7d", low, high), "min", low, "max", high)
			}
			*field(s) = d
			return nil
		},
	}
}

func whole(name string, def, low, high int, field func(*Settings) *int) Knob {
	return Knob{
		Name: name, Kind: KnobWhole, Default: strconv.Itoa(def), Min: strconv.Itoa(low), Max: strconv.Itoa(high),
		get: func(s *Settings) string { return strconv.Itoa(*field(s)) },
		set: func(s *Settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < low || n > high {
				return unfit("whole", fmt.Sprintf("give a whole number from %d to %d", low, high), "min", strconv.Itoa(low), "max", strconv.Itoa(high))
			}
			*field(s) = n
			return nil
		},
	}
}

func onOff(name, def string, field func(*Settings) *bool) Knob {
	return Knob{
		Name: name, Kind: KnobOnOff, Default: def, Min: "off", Max: "on",
		get: func(s *Settings) string {
			if *field(s) {
				return "on"
			}
			return "off"
		},
		set: func(s *Settings, v string) error {
			if v != "on" && v != "off" {
				return unfit("on_off", "give on or off")
			}
			*field(s) = v == "on"
			return nil
		},
	}
}

func choice[T ~string](name string, def T, all []T, field func(*Settings) *T) Knob {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = string(c)
	}
	return Knob{
		Name: name, Kind: KnobChoice, Choices: names, Default: string(def),
		get: func(s *Settings) string { return string(*field(s)) },
		set: func(s *Settings, v string) error {
			if !slices.Contains(names, v) {
				list := strings.Join(names, ", ")
				return unfit("choice", "give one of "+list, "choices", list)
			}
			*field(s) = T(v)
			return nil
		},
	}
}

const rateMax = 100_000

func rate(name, def string, field func(*Settings) *Rate) Knob {
	return Knob{
		Name: name, Kind: KnobRate, Default: def, Min: "0", Max: strconv.Itoa(rateMax),
		get: func(s *Settings) string { return field(s).String() },
		set: func(s *Settings, v string) error {
			r, err := parseRate(v, field(s).Burst)
			if err != nil {
				return err
			}
			*field(s) = r
			return nil
		},
	}
}

var errRate = unfit("rate", fmt.Sprintf("give how many a minute and how many at once, such as 6/3, up to %d; 0 is unlimited", rateMax), "max", strconv.Itoa(rateMax))

// parseRate reads "6/3"; "6" keeps the burst, "0" is unlimited.
func parseRate(v string, burst int) (Rate, error) {
	minute, at, both := strings.Cut(v, "/")
	n, err := strconv.Atoi(minute)
	if err != nil || n < 0 || n > rateMax {
		return Rate{}, errRate
	}
	if both {
		if burst, err = strconv.Atoi(at); err != nil || burst < 1 || burst > rateMax {
			return Rate{}, errRate
		}
	}
	if n == 0 {
		return Rate{}, nil
	}
	return Rate{n, max(1, burst)}, nil
}

// ParseLife reads a time such as 90s, 10m, 24h or 7d; days may stand before the
// rest (1d12h).
func ParseLife(v string) (time.Duration, error) {
	var days time.Duration
	if before, after, ok := strings.Cut(v, "d"); ok {
		n, err := strconv.Atoi(before)
		if err != nil || n < 0 || n > 10_000 {
			return 0, errors.New("not a time")
		}
		days, v = time.Duration(n)*24*time.Hour, after
		if v == "" {
			return days, nil
		}
	}
	d, err := time.ParseDuration(v)
	if err != nil || d < 0 || d > 10_000*24*time.Hour {
		return 0, errors.New("not a time")
	}
	return days + d, nil
}

// FormatLife writes what ParseLife reads, in the largest unit that is whole.
func FormatLife(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day && d%day == 0:
		return strconv.Itoa(int(d/day)) + "d"
	case d >= time.Hour && d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + "h"
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + "m"
	}
	return d.String()
}

// ParseNetworks reads CIDRs with commas or spaces between them; a bare address
// stands for itself alone.
func ParseNetworks(v string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, field := range strings.FieldsFunc(v, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
		p, err := netip.ParsePrefix(field)
		if err != nil {
			a, aerr := netip.ParseAddr(field)
			if aerr != nil {
				return nil, unfit("network", fmt.Sprintf("“%s” is no network; give CIDRs such as 10.0.0.0/8 or fd00::/8", field), "network", field)
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

func joinNetworks(networks []netip.Prefix) string {
	texts := make([]string, len(networks))
	for i, n := range networks {
		texts[i] = n.String()
	}
	return strings.Join(texts, " ")
}
