//go:build ignore

// This program reduces Unicode's confusables.txt (UTS 39) to what a skeleton needs:
// the letters and digits that are taken for those of ASCII, where Unicode's own
// decompositions and case folding do not lead there already. From this folder:
//
//	go run confusables_gen.go < …/confusables.txt > confusables.txt
package main

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// small are look-alikes that UTS 39 tells apart from ASCII, and readers do not:
// small capitals, letters turned round, and what stands for others there.
const small = "a:ᴀɐ∀ b:ʙɓβ c:ᴄ d:ᴅɗ e:ᴇǝɘɛεє f:ꜰɟ g:ɢƃɠ h:ʜɥ i:ɪ j:ᴊ k:ᴋĸκк l:ʟ m:ᴍʍɯ n:ɴ o:ᴏ p:ᴘ q:ꞯ r:ʀɹ s:ꜱ t:ᴛʇ u:ᴜʊ v:ᴠʌ w:ᴡɯω x:ⲭ y:ʏʎ z:ᴢ"

// scripts are those whose letters stand in for Latin ones. Those of Arabic, Hebrew or
// the Indic scripts would fall together with each other, in words of their own.
var scripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu,
	unicode.Canadian_Aboriginal, unicode.Deseret, unicode.Old_Italic, unicode.Carian, unicode.Lycian, unicode.Elbasan,
	unicode.Osage, unicode.Warang_Citi, unicode.Miao, unicode.Runic, unicode.Common,
}

var fold = cases.Fold()

// taken says whether r may be taken for a letter of ASCII, and is none by itself.
func taken(r rune) bool {
	return unicode.In(r, scripts...) && unicode.In(r, unicode.L, unicode.Nl, unicode.Nd) && !plain(bare(string(r)))
}

// bare is a text as a skeleton has it before look-alikes are looked up.
func bare(s string) string {
	return fold.String(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Me) {
			return -1
		}
		return r
	}, norm.NFKD.String(s)))
}

func plain(s string) bool {
	return s != "" && len(s) <= 3 && !strings.ContainsFunc(s, func(r rune) bool {
		return r >= 0x80 || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

func main() {
	looks := map[rune]string{}
	for _, group := range strings.Fields(small) {
		target, sources, _ := strings.Cut(group, ":")
		for _, r := range sources {
			looks[r] = target
		}
	}
	ascii := func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if t, ok := looks[r]; ok {
				b.WriteString(t)
			} else {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
	version := ""
	found := maps.Clone(looks)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if v, ok := strings.CutPrefix(in.Text(), "# Version: "); ok {
			version = v
		}
		fields := strings.Split(in.Text(), ";")
		if len(fields) < 3 {
			continue
		}
		source, err := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(fields[0]), "\ufeff"), 16, 32)
		if err != nil || source < 0x80 {
			continue
		}
		target := ""
		for _, code := range strings.Fields(fields[1]) {
			r, _ := strconv.ParseUint(code, 16, 32)
			target += string(rune(r))
		}
		r := rune(source)
		if t := ascii(bare(target)); plain(t) && taken(r) && found[r] == "" {
			found[r] = t
		}
	}
	byTarget := map[string][]rune{}
	for r, t := range found {
		byTarget[t] = append(byTarget[t], r)
	}
	fmt.Printf("# UTS 39 confusables %s, reduced by confusables_gen.go: a target, and what is taken for it.\n", version)
	for _, t := range slices.Sorted(maps.Keys(byTarget)) {
		rs := byTarget[t]
		slices.Sort(rs)
		fmt.Printf("%s %s\n", t, string(rs))
	}
}
