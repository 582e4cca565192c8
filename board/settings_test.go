package board

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// manyPlaces are one more than a board may have.
var manyPlaces = func() string {
	var list strings.Builder
	for i := range placesMax + 1 {
		fmt.Fprintf(&list, "place %d;", i)
	}
	return list.String()
}()

func TestDefaultSettingsAreThoseOfTheSpec(t *testing.T) {
	want := Settings{
		TTLMin: time.Minute, TTLDefault: 24 * time.Hour, TTLMax: 7 * day,
		LifePerHeart: 10 * time.Minute, LifePerDown: 10 * time.Minute,
		VanishScore: -5, VisitorTTL: 7 * day, PostChars: 1000, K: 5,
		Post: Rate{6, 3}, Reply: Rate{12, 6}, Vote: Rate{30, 15}, Page: Rate{600, 200}, Socket: 256,
		Cards: true, Unlisted: true, ViewOnce: true, Circles: true, CirclesMax: 200, CircleCap: 150, ChatsMax: 20, DailyQuestion: true, Open: Rate{20, 10}, Search: Rate{30, 10}, Places: true, Report: Rate{6, 3}, ReportsToHide: 3,
		Pictures: PicturesBlurred, Picture: Rate{3, 2}, QuestionSet: "started",
		Pow: PowAdaptive, PowBits: 16, Hygiene: true, Doxx: DoxxAsk,
		HostLanguage: "started", SiteName: "Mayfly", Snapshots: SnapshotsUnknown, AgeNotice: AgeOff, Careful: 72 * time.Hour,
		State: Open, Access: ForAll, SlowSeconds: 60, LookAlikes: true, Alerts: true,
	}
	if got := DefaultSettings(); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestEveryKnobTakesGoodValuesAndRefusesBadOnes: bad values leave the setting as
// it was, and the sentence names it.
func TestEveryKnobTakesGoodValuesAndRefusesBadOnes(t *testing.T) {
	lives := []string{"", "0", "-1m", "abc", "10", "1y", "1d-1h", "d", "d1h", "1h1d", "99999999999999999999h", "1m 1s"}
	numbers := []string{"", "x", "1.5", "0x10", "1e3", "99999999999999999999", "--1"}
	rates := []string{"", "x", "-1", "6/", "6/0", "6/-1", "6/x", "/3", "6/3/1", "100001", "6/100001", "0/x", "0/0", "6 /3"}
	type values struct{ good, bad []string }
	switches := []string{"", "true", "1", "On"}
	table := map[string]values{
		"ttl_min":            {[]string{"1s", "90s", "1m", "24h", "1d"}, append(lives, "999ms", "31d", "30d1s")},
		"ttl_default":        {[]string{"1m", "24h", "1d12h", "7d"}, append(lives, "999ms", "31d")},
		"ttl_max":            {[]string{"24h", "7d", "30d", "29d24h", "720h"}, append(lives, "500ms", "30d1ns", "31d")},
		"life_per_heart":     {[]string{"0s", "0", "7s", "10m", "1d"}, append(lives[2:], "1d1s", "-0.5s")},
		"life_per_down":      {[]string{"0s", "0", "7s", "10m", "1d"}, append(lives[2:], "25h")},
		"vanish_score":       {[]string{"-1", "-5", "-1000"}, append(numbers, "0", "1", "-1001")},
		"visitor_ttl":        {[]string{"1h", "7d", "30d"}, append(lives, "59m", "31d")},
		"post_chars":         {[]string{"1", "1000", "10000"}, append(numbers, "0", "-1", "10001")},
		"k":                  {[]string{"2", "5", "100"}, append(numbers, "0", "1", "101")},
		"alerts":             {[]string{"on", "off"}, switches},
		"board":              {[]string{"open", "slow", "read-only", "closed"}, append(switches, "on", "Open", "readonly")},
		"access":             {[]string{"open", "unlisted", "passphrase", "invite"}, append(switches, "on", "Open", "closed")},
		"slow_seconds":       {[]string{"5", "60", "3600"}, append(numbers, "4", "3601", "-60")},
		"lookalikes":         {[]string{"on", "off"}, switches},
		"cards":              {[]string{"on", "off"}, switches},
		"places":             {[]string{"on", "off"}, switches},
		"place_list":         {[]string{"", "Library", "Library 45.4642/9.19; Old Harbour; 図書館 -1.5/180"}, []string{"Library; library", "45.4/9.1", "Library 91/0", "Library 0/181", strings.Repeat("x", 41), manyPlaces, "---"}},
		"search":             {[]string{"30/10", "0"}, rates},
		"report":             {[]string{"6/3", "0"}, rates},
		"reports_to_hide":    {[]string{"1", "3", "1000"}, append(numbers, "0", "-1", "1001")},
		"backdrops":          {[]string{"all", "pond", "eclipse  pond", "noon\tnoon", strings.Join(backdropNames(), " ")}, []string{"", "none", "Pond", "pond, mist", "all pond", "pond lake"}},
		"question_set":       {[]string{"started", "campus"}, []string{"", "none", "Campus", "campus event"}},
		"host_language":      {[]string{"started", "en", "it"}, []string{"", "none", "EN", "fr", "en it"}},
		"site_name":          {[]string{"", " ", "Riverside", "河辺  の板", `one\ntwo`, strings.Repeat("é", SiteNameMax)}, []string{"\xff", strings.Repeat("é", SiteNameMax+1)}},
		"snapshots":          {[]string{"yes", "no", "unknown"}, append(switches, "on", "Yes", "maybe")},
		"careful":            {[]string{"0", "0s", "72h", "3d", "30d"}, append(lives[2:], "31d", "30d1s", "-1s")},
		"about_text":         {[]string{"", "Ours.", "one\\ntwo", "one\r\n\r\n\r\ntwo", strings.Repeat("é", AboutMax)}, []string{"\xff", strings.Repeat("é", AboutMax+1)}},
		"contact":            {[]string{"", "host@example.org", "knock\ntwice"}, []string{"\xff", strings.Repeat("é", ContactMax+1)}},
		"terms":              {[]string{"", "Be kind.", "one\\ntwo", strings.Repeat("é", TermsMax)}, []string{"\xff", strings.Repeat("é", TermsMax+1)}},
		"age_notice":         {[]string{"off", "13", "16", "18"}, append(switches, "0", "14", "21")},
		"pictures":           {[]string{"on", "blurred", "off"}, append(switches, "held", "Blurred", "on off")},
		"picture":            {[]string{"3/2", "0"}, rates},
		"view_once_pictures": {[]string{"on", "off"}, switches},
		"circles":            {[]string{"on", "off"}, switches},
		"circles_max":        {[]string{"1", "200", "10000"}, append(numbers, "0", "-1", "10001")},
		"circle_cap":         {[]string{"12", "50", "150"}, append(numbers, "11", "151", "0")},
		"chats":              {[]string{"on", "off"}, switches},
		"chats_max":          {[]string{"1", "20", "200"}, append(numbers, "0", "-1", "201")},
		"daily_question":     {[]string{"on", "off"}, switches},
		"view_once":          {[]string{"on", "off"}, switches},
		"open":               {[]string{"20/10", "0"}, rates},
		"unlisted":           {[]string{"on", "off"}, switches},
		"post":               {[]string{"6/3", "6", "0", "1/1", "100000/100000", "0/3"}, rates},
		"reply":              {[]string{"12/6", "1", "0"}, rates},
		"vote":               {[]string{"30/15", "0"}, rates},
		"page":               {[]string{"600/200", "0"}, rates},
		"socket":             {[]string{"0", "256", "100000"}, append(numbers, "-1", "100001")},
		"pow":                {[]string{"off", "adaptive", "always"}, append(switches, "on", "Off", "off always")},
		"pow_bits":           {[]string{"8", "16", "24"}, append(numbers, "7", "25", "-16")},
		"hygiene":            {[]string{"on", "off"}, switches},
		"doxx":               {[]string{"off", "ask", "forbid"}, append(switches, "on", "Ask")},
		"nudge":              {[]string{"", "Would you say it to a face?", `one\ntwo`}, []string{strings.Repeat("x", 201), "\xff"}},
		"care_card":          {[]string{"", `You are not alone.\n\n0800 000`, strings.Repeat("x", 1000)}, []string{strings.Repeat("x", 1001)}},
		"shared_networks": {
			[]string{"", "10.0.0.0/8", "10.0.0.0/8,fd00::/8", "192.0.2.7", "10.0.0.0/8\r\n\tfd00::/8", " , "},
			[]string{"x", "10.0.0.0/33", "10.0.0.0/8;fd00::/8", "300.0.0.1", "10.0.0", "fd00::/129", "example.org"},
		},
	}
	for _, k := range Knobs {
		v, known := table[k.Name]
		if !known {
			t.Errorf("%s: no values to try", k.Name)
		}
		for _, good := range append(v.good, k.Default, k.Get(DefaultSettings())) {
			s, err := DefaultSettings().With(map[string]string{k.Name: good})
			if err != nil {
				t.Errorf("%s=%q: %v", k.Name, good, err)
				continue
			}
			again, err := DefaultSettings().With(map[string]string{k.Name: k.Get(s)})
			if err != nil || !reflect.DeepEqual(again, s) {
				t.Errorf("%s=%q is shown as %q, which is read as another: %v", k.Name, good, k.Get(s), err)
			}
		}
		for _, bad := range v.bad {
			s, err := DefaultSettings().With(map[string]string{k.Name: bad})
			if err == nil || !strings.Contains(err.Error(), k.Name) {
				t.Errorf("%s=%q was taken as %q, or refused without its name: %v", k.Name, bad, k.Get(s), err)
			}
			if !reflect.DeepEqual(s, DefaultSettings()) {
				t.Errorf("%s=%q was refused and changed the settings to %+v", k.Name, bad, s)
			}
		}
	}
}

func TestKnobsBoundsAreGoodValuesThemselves(t *testing.T) {
	var s Settings
	for _, k := range Knobs {
		for _, bound := range []string{k.Min, k.Max} {
			if bound == "" {
				continue
			}
			if err := k.set(&s, bound); err != nil {
				t.Errorf("%s: its bound %s is refused: %v", k.Name, bound, err)
			}
		}
	}
}

func TestKnobNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Knobs {
		if seen[k.Name] {
			t.Errorf("two settings are called %s", k.Name)
		}
		seen[k.Name] = true
		if found, err := FindKnob(k.Name); err != nil || found.Name != k.Name {
			t.Errorf("FindKnob(%s) = %s, %v", k.Name, found.Name, err)
		}
	}
	_, err := FindKnob("ttl-max")
	if err == nil || !strings.Contains(err.Error(), "ttl_max") {
		t.Errorf("an unknown name gives %v, want the names there are", err)
	}
}

func TestWithChangesAllOrNothing(t *testing.T) {
	before := DefaultSettings()
	for name, changes := range map[string]map[string]string{
		"a bad value":          {"k": "7", "post": "x"},
		"an unknown name":      {"k": "7", "zzz": "1"},
		"minimum over default": {"k": "7", "ttl_min": "25h"},
		"default over maximum": {"k": "7", "ttl_max": "23h"},
		"default under it":     {"k": "7", "ttl_default": "30s"},
		"minimum over maximum": {"ttl_min": "3h", "ttl_default": "2h", "ttl_max": "1h"},
	} {
		if got, err := before.With(changes); err == nil || !reflect.DeepEqual(got, before) {
			t.Errorf("%s: %v, and settings %+v; want a refusal and no change", name, err, got)
		}
	}
	got, err := before.With(map[string]string{"ttl_max": " 1h ", "ttl_default": "1h", "ttl_min": "1h", "k": "7"})
	if err != nil || got.TTLMax != time.Hour || got.TTLMin != time.Hour || got.K != 7 {
		t.Errorf("%+v, %v; want all four changes", got, err)
	}
	if before.K != 5 {
		t.Error("With changed the settings it was asked of")
	}
}

func TestLifeIsReadAsItIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := lengths(0, 10_000*day).Draw(t, "d")
		if got, err := ParseLife(FormatLife(d)); err != nil || got != d {
			t.Fatalf("%v is written %q and read as %v, %v", d, FormatLife(d), got, err)
		}
	})
	for written, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "10m": 10 * time.Minute, "24h": day, "7d": 7 * day, "1d12h": 36 * time.Hour, "0": 0, "1.5h": 90 * time.Minute,
	} {
		if got, err := ParseLife(written); err != nil || got != want {
			t.Errorf("ParseLife(%q) = %v, %v; want %v", written, got, err, want)
		}
	}
}

func TestFormatLifeTakesTheLargestWholeUnit(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 3 * time.Second: "3s", 90 * time.Second: "1m30s", 10 * time.Minute: "10m", 90 * time.Minute: "90m",
		day: "24h", 36 * time.Hour: "36h", 2 * day: "2d", 30 * day: "30d",
	} {
		if got := FormatLife(d); got != want {
			t.Errorf("FormatLife(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestRateKeepsItsBurstAndZeroIsUnlimited(t *testing.T) {
	for _, tt := range []struct {
		value string
		burst int
		want  Rate
	}{
		{"6/3", 9, Rate{6, 3}},
		{"6", 9, Rate{6, 9}},
		{"6", 0, Rate{6, 1}},
		{"0", 9, Rate{}},
		{"0/3", 9, Rate{}},
	} {
		got, err := parseRate(tt.value, tt.burst)
		if err != nil || got != tt.want || got.Unlimited() != (tt.want == Rate{}) {
			t.Errorf("%q over a burst of %d = %v, %v; want %v", tt.value, tt.burst, got, err, tt.want)
		}
	}
	if got, want := (Rate{6, 3}).Times(50), (Rate{300, 150}); got != want {
		t.Errorf("fifty times as wide is %v, want %v", got, want)
	}
}

func TestParseNetworksMasksAndTakesBareAddresses(t *testing.T) {
	got, err := ParseNetworks("10.1.2.3/8, 192.0.2.7\nfd00::1/8")
	want := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("fd00::/8")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; want %v", got, err, want)
	}
}
