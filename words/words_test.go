package words

import (
	"fmt"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

func TestMatchFollowsTheChoiceThenTheBrowser(t *testing.T) {
	for _, tt := range []struct{ accept, chosen, want string }{
		{"", "", "en"},
		{"it", "", "it"},
		{"it-CH,it;q=0.9,en;q=0.8", "", "it"},
		{"en-GB,it;q=0.9", "", "en"},
		{"en;q=0.5,it;q=0.9", "", "it"},
		{"de-DE,it;q=0.7,en;q=0.3", "", "it"},
		{"de,fr;q=0.8", "", "en"},
		{"*", "", "en"},
		{"IT", "", "it"},
		{";;;,,,q=", "", "en"},
		{"it", "en", "en"},
		{"en", "it", "it"},
		{"it", "xx", "it"},
	} {
		if got := Match(tt.accept, tt.chosen).Lang(); got != tt.want {
			t.Errorf("Match(%q, %q) speaks %s, want %s", tt.accept, tt.chosen, got, tt.want)
		}
	}
}

func TestTheFirstChoiceIsWhatMatchingWouldChoose(t *testing.T) {
	for _, header := range []string{"it", "it-IT", "en-US,en;q=0.5", "it-IT,it;q=0.8,en;q=0.6", "en-GB,it;q=0.9", "en-AU,de"} {
		accepted, _, err := language.ParseAcceptLanguage(header)
		if err != nil {
			t.Fatal(err)
		}
		_, want, _ := matcher.Match(accepted...)
		if got := firstChoice(header); got != want {
			t.Errorf("firstChoice(%q) = %d, want %d", header, got, want)
		}
	}
}

func TestLifeIsWrittenInItsTwoLargestUnits(t *testing.T) {
	for _, tt := range []struct {
		left   string
		en, it string
	}{
		{"-5s", "0 s", "0 s"},
		{"0s", "0 s", "0 s"},
		{"1ms", "1 s", "1 s"},
		{"40.2s", "41 s", "41 s"},
		{"59s", "59 s", "59 s"},
		{"59.1s", "1 min", "1 min"},
		{"9m", "9 min", "9 min"},
		{"9m31s", "10 min", "10 min"},
		{"59m29s", "59 min", "59 min"},
		{"59m30s", "1 h", "1 h"},
		{"3h12m", "3 h 12 min", "3 h 12 min"},
		{"2h59m40s", "3 h", "3 h"},
		{"23h59m40s", "1 d", "1 g"},
		{"51h", "2 d 3 h", "2 g 3 h"},
		{"47h45m", "2 d", "2 g"},
		{"720h", "30 d", "30 g"},
	} {
		d, err := time.ParseDuration(tt.left)
		if err != nil {
			t.Fatal(err)
		}
		if got := In("en").Life(d); got != tt.en {
			t.Errorf("en: Life(%s) = %q, want %q", tt.left, got, tt.en)
		}
		if got := In("it").Life(d); got != tt.it {
			t.Errorf("it: Life(%s) = %q, want %q", tt.left, got, tt.it)
		}
	}
}

func TestSpellWritesWholeWords(t *testing.T) {
	for _, tt := range []struct {
		d      time.Duration
		en, it string
	}{
		{0, "0 seconds", "0 secondi"},
		{time.Second, "1 second", "1 secondo"},
		{90 * time.Second, "1 minute and 30 seconds", "1 minuto e 30 secondi"},
		{10 * time.Minute, "10 minutes", "10 minuti"},
		{time.Hour + 5*time.Second, "1 hour and 5 seconds", "1 ora e 5 secondi"},
		{26*time.Hour + 7*time.Minute, "1 day and 2 hours", "1 giorno e 2 ore"},
		{7 * 24 * time.Hour, "7 days", "7 giorni"},
	} {
		if got := In("en").Spell(tt.d); got != tt.en {
			t.Errorf("en: Spell(%s) = %q, want %q", tt.d, got, tt.en)
		}
		if got := In("it").Spell(tt.d); got != tt.it {
			t.Errorf("it: Spell(%s) = %q, want %q", tt.d, got, tt.it)
		}
	}
}

func TestSayFillsASentence(t *testing.T) {
	en, it := In("en"), In("it")
	for _, tt := range []struct{ got, want string }{
		{en.Say("post.replies", "n", 1), "1 reply"},
		{en.Say("post.replies", "n", 0), "0 replies"},
		{en.Say("post.replies", "n", 1000), "1000 replies"},
		{it.Say("post.replies", "n", 1), "1 risposta"},
		{it.Say("post.replies", "n", 2), "2 risposte"},
		{it.Say("post.replies", "n", 1_000_000), "1000000 risposte"},
		{en.Say("post.low.next", "score", -3), "At −3. Two more and it goes."},
		{en.Say("post.left", "life", 3*time.Hour), "3 h left"},
		{it.Say("post.left", "life", 3*time.Hour), "ancora 3 h"},
		{en.Say("error.ttl", "min", time.Second, "max", 24*time.Hour), "Choose a time from 1 second to 1 day."},
		{en.SayWith("error.body.long", map[string]any{"max": 10, "over": 2}), "It may have 10 characters, and it has 2 too many."},
		{en.Say("reply.as", "name", "{n}"), "Reply as {n}"},
		{en.Say("post.left"), "{life} left"},
		{en.Pattern("compose.room", 1), "{n} character left"},
		{en.Pattern("compose.room", 5), "{n} characters left"},
		{en.Say("no.such_key"), "no.such_key"},
		{en.SayWith("no.such_key", nil), "no.such_key"},
		{en.Pattern("no.such_key", 1), "no.such_key"},
		{In("xx").Say("nav.back"), "Back"},
	} {
		if tt.got != tt.want {
			t.Errorf("said %q, want %q", tt.got, tt.want)
		}
	}
}

func TestASentenceWithoutArgumentsCostsALookup(t *testing.T) {
	p := In("it")
	if n := testing.AllocsPerRun(100, func() { p.Say("nav.stream") }); n != 0 {
		t.Errorf("Say allocates %v times, want 0", n)
	}
}

// BenchmarkSay compares a sentence of ours with the same one from go-i18n's own
// Localizer.
func BenchmarkSay(b *testing.B) {
	p := In("it")
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Say("nav.stream")
		}
	})
	b.Run("plural", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Say("post.replies", "n", 12)
		}
	})
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, lang := range Languages {
		bundle.MustParseMessageFileBytes([]byte("[replies]\none = \"{{.n}} reply\"\nother = \"{{.n}} replies\"\n"), lang+".toml")
	}
	localizer := i18n.NewLocalizer(bundle, "it")
	b.Run("go-i18n", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := localizer.Localize(&i18n.LocalizeConfig{
				MessageID: "replies", PluralCount: 12, TemplateData: map[string]any{"n": 12},
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for _, header := range []string{"it-IT,it;q=0.9,en;q=0.8", "de-DE,de;q=0.9,en;q=0.8"} {
		b.Run(fmt.Sprintf("accept=%s", header[:2]), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Match(header, "")
			}
		})
	}
}
