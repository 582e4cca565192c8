package filter_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"mayfly/board"
	"mayfly/filter"
)

// banned are words that the honest sentences hold inside others.
var banned = []string{
	"ass", "cunt", "cock", "dick", "tit", "shit", "fuck", "whore", "fag", "nigger", "rape", "arse", "cum", "anal", "spic", "idiot",
	"cazzo", "stronzo", "puttana", "troia", "culo", "merda", "frocio", "ano", "kill yourself", "badword", "arsehole",
}

func bans() []board.Filter {
	list := make([]board.Filter, len(banned))
	for i, w := range banned {
		list[i] = board.Filter{Number: int64(i), Text: w, Action: board.Block}
	}
	return list
}

func honest(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("testdata/honest.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			list = append(list, strings.TrimRight(line, "\n"))
		}
	}
	return list
}

// alphabets are ways to write a to z in letters that look like it.
var alphabets = []string{
	"аbсdеfghіjklmnорqrstuvwхуz", // Cyrillic where there is one
	"αbcdεfghιjκlmηορqrstυνωχyz", // Greek
	"ａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ",
	"ⓐⓑⓒⓓⓔⓕⓖⓗⓘⓙⓚⓛⓜⓝⓞⓟⓠⓡⓢⓣⓤⓥⓦⓧⓨⓩ",
	"🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩",
	"🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉",
	"🇦🇧🇨🇩🇪🇫🇬🇭🇮🇯🇰🇱🇲🇳🇴🇵🇶🇷🇸🇹🇺🇻🇼🇽🇾🇿",
	"𝐚𝐛𝐜𝐝𝐞𝐟𝐠𝐡𝐢𝐣𝐤𝐥𝐦𝐧𝐨𝐩𝐪𝐫𝐬𝐭𝐮𝐯𝐰𝐱𝐲𝐳",
	"𝔞𝔟𝔠𝔡𝔢𝔣𝔤𝔥𝔦𝔧𝔨𝔩𝔪𝔫𝔬𝔭𝔮𝔯𝔰𝔱𝔲𝔳𝔴𝔵𝔶𝔷",
	"𝙖𝙗𝙘𝙙𝙚𝙛𝙜𝙝𝙞𝙟𝙠𝙡𝙢𝙣𝙤𝙥𝙦𝙧𝙨𝙩𝙪𝙫𝙬𝙭𝙮𝙯",
	"ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ",
	"àḅçđéƒğħíĵķłḿñøṕqŕšţúṿẃẋýž",
	"ɑƄϲԁҽƒɡհɩյκӏмոοрզгѕтսνѡхуʐ",
	"ᎪᏴᏟᎠᎬFᏀᎻᎥᎫᏦᏞᎷNᎾᏢQᏒᏚᎢᏌᏙᎳXᎩᏃ",
}

// between are signs that hide between letters, and signs that stand there openly.
var (
	hidden = []string{"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f", "\u202e", "\u2066", "\U000e0061", "\u061c", "\u180e", "\u0301", "\u0336", "\u20dd"}
	openly = []string{".", "-", "_", " ", "  ", " . ", "~", "·", "\u00a0", "\n", "\u2003"}
)

// disguise dresses a word as a troll would, in one to three layers.
func disguise(rnd *rand.Rand, word string) string {
	pick := func(list []string) string { return list[rnd.IntN(len(list))] }
	letters := strings.Split(word, "")
	for range 1 + rnd.IntN(2) {
		switch rnd.IntN(6) {
		case 0, 1: // another alphabet, for all or some
			abc, all := []rune(pick(alphabets)), rnd.IntN(2) == 0
			for i, l := range letters {
				if len(l) == 1 && l[0] >= 'a' && l[0] <= 'z' && (all || rnd.IntN(2) == 0) {
					letters[i] = string(abc[l[0]-'a'])
				}
			}
		case 2: // what nobody sees
			for i := range letters {
				letters[i] += strings.Repeat(pick(hidden), 1+rnd.IntN(3))
			}
		case 3: // leet: of half the letters
			signs := map[string]string{"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1|", "b": "8", "g": "9"}
			left := len(letters) / 2
			for i, l := range letters {
				if s := signs[l]; s != "" && left > 0 && i > 0 && i < len(letters)-1 {
					letters[i] = string(s[rnd.IntN(len(s))])
					left--
				}
			}
		case 4: // capitals here and there
			for i, l := range letters {
				if rnd.IntN(2) == 0 {
					letters[i] = strings.ToUpper(l)
				}
			}
		case 5: // one letter held down
			if i := rnd.IntN(len(letters)); letters[i] != " " && (i == 0 || letters[i] != letters[i-1]) && (i == len(letters)-1 || letters[i] != letters[i+1]) {
				letters[i] = strings.Repeat(letters[i], 3+rnd.IntN(4))
			}
		}
	}
	apart := ""
	if rnd.IntN(3) == 0 && len(word) > 2 && !strings.Contains(strings.Join(letters, ""), "!") {
		apart = pick(openly)
	}
	return strings.Join(letters, apart)
}

func TestARaidInDisguiseIsCaughtAndNobodyElse(t *testing.T) {
	const posts = 5000
	s := screen(t, bans()...)
	sentences := honest(t)
	if len(sentences) < 200 {
		t.Fatalf("only %d honest sentences", len(sentences))
	}
	for _, text := range sentences {
		if v := s.Read(board.Home, board.Draft{Body: s.Normal(text)}, true); v.Refused != "" || v.Private != nil {
			t.Errorf("%q is touched: %q %v", text, v.Refused, v.Private)
		}
	}
	rnd := rand.New(rand.NewPCG(2026, 11))
	caught, missed := 0, map[string]int{}
	for range posts {
		word := banned[rnd.IntN(len(banned))]
		dressed := disguise(rnd, word)
		around := sentences[rnd.IntN(60)]
		text := fmt.Sprintf("%s %s, %s", around, dressed, around)
		if v := s.Read(board.Home, board.Draft{Body: s.Normal(text)}, true); v.Refused != "" {
			caught++
		} else {
			missed[word+" as "+dressed]++
		}
	}
	t.Logf("%d of %d disguises caught, %d honest sentences untouched", caught, posts, len(sentences))
	if share := float64(caught) / posts; share < 0.99 {
		n := 0
		for what := range missed {
			if n++; n < 30 {
				t.Logf("missed: %+q", what)
			}
		}
		t.Errorf("%.2f %% caught", 100*share)
	}
}

// The least that a filter must take: 10 kB of ordinary text, 200 filters of which a
// quarter are patterns, in less than 5 ms.
func BenchmarkRead(b *testing.B) {
	var list []board.Filter
	for i := range board.FiltersMax {
		f := board.Filter{Number: int64(i), Text: fmt.Sprintf("%s%c%c", banned[i%len(banned)], 'a'+i%26, 'a'+i/26), Action: board.Block}
		switch i % 8 {
		case 0:
			f.Pattern, f.Text = true, fmt.Sprintf(`\b%s\w*[0-9]{2,}`, f.Text)
		case 4:
			f.Pattern, f.Text = true, fmt.Sprintf(`(%s|%c%s)\s+now`, f.Text, 'a'+i%26, f.Text)
		}
		list = append(list, f)
	}
	s := screen(b, list...)
	for name, text := range map[string]string{
		"ordinary":  strings.Join(honest(b)[:67], " "),
		"languages": strings.Join(honest(b), " "),
		"disguised": strings.Repeat("c0ckk k0ck т.і.т 4n4l ", 400),
		"ones":      strings.Repeat("1", 10_000),
	} {
		text = strings.ToValidUTF8(strings.Repeat(text+" ", 10)[:10_000], "")
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Read(board.Home, board.Draft{Body: text}, true)
			}
		})
	}
}

var _ = filter.New
