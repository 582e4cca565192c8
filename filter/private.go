package filter

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"mayfly/board"
)

// clue is what gives somebody away. Each is modest: everybody who writes is asked, so
// dates, prices, years, scores and buses pass, and people find ways round it.
type clue struct {
	kind          board.Private
	marks         string // every match has one of these bytes,
	before, after int    // and begins and ends so near to one
	digits        int    // and has so many digits
	looks         []look
}

// look is how a clue may look.
type look struct {
	*regexp.Regexp
	some []string // one of them, in lower case, stands in every match; none: nothing is known
}

// having puts a look together: one of some between what is before and after it.
func having(before, some, after string) look {
	l := look{Regexp: regexp.MustCompile(before + "(?:" + some + ")" + after)}
	for word := range strings.SplitSeq(some, "|") {
		l.some = append(l.some, strings.ToLower(strings.ReplaceAll(word, `\`, "")))
	}
	return l
}

func plainly(pattern string) look { return look{Regexp: regexp.MustCompile(pattern)} }

const digits = "0123456789"

var clues = []clue{
	{board.PrivateMail, "@[(", 64, 64, 0, []look{
		having(`(?i)[\w.+-]+\s?`, `@|\[at\]|\(at\)|\(chiocciola\)`, `\s?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}`),
	}},
	{board.PrivatePhone, digits, 32, 2, 7, []look{
		plainly(`(?:^|[^\w+])(?:\+|00)[1-9]\d{0,2}[ ./-]?\(?\d{1,4}\)?(?:[ ./-]?\d{2,4}){2,4}(?:$|[^\w/-])`), // with its country
		plainly(`(?:^|[^\w.,/-])3[2-9]\d[ ./-]?\d{3}[ ./-]?\d{3,4}(?:$|[^\w/-])`),                            // an Italian mobile
		plainly(`(?:^|[^\w.,/-])3[2-9]\d[ ./-]?\d{2}[ ./-]?\d{2}[ ./-]?\d{2,3}(?:$|[^\w/-])`),
		plainly(`(?:^|[^\w.,/-])0\d{1,3}[ /-]\d{3,4}[ -]?\d{3,4}(?:$|[^\w/-])`),     // an area and a number
		plainly(`(?:^|[^\w.,/-])07\d{3}[ -]?\d{3}[ -]?\d{3}(?:$|[^\w/-])`),          // a British mobile
		plainly(`(?:^|[^\w.,/-])\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?:$|[^\w/-])`), // North American
		having(`(?i)\b`, `call|text|phone|tel|cell|mobile|whatsapp|chiama|chiamami|scrivi|scrivimi|numero|telefono`, `\b[^\d\n]{0,15}\d(?:[ ./-]?\d){6,13}(?:$|\D)`),
	}},
	{board.PrivateStreet, digits, 96, 64, 1, []look{
		having(`\b\d{1,5}[a-zA-Z]?,? (?:[NSEW]\.? )?(?:\p{Lu}[\p{L}'’.]+ ){1,3}`,
			`Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq|Close|Terrace|Boulevard|Blvd|Crescent|Gardens|Way`, `\b`),
		having(`\b`, `via |Via |viale |Viale |piazza |Piazza |piazzale |Piazzale |vicolo |Vicolo |Corso |Largo |c\.so |C\.so |v\.le |V\.le |p\.zza |P\.zza `,
			`(?:(?:d(?:i|ei|el|ella|elle|egli|a)|alla|san|santa) |d(?:ell)?['’])?(?:\p{Lu}[\p{L}'’.]+[ ,]+){1,4}(?:n\.? ?|civico )?\d{1,4}(?:/?[a-zA-Z])?(?:$|[^\w:.,€%°]|[.,](?:$|\D))`),
	}},
	{board.PrivateHandle, "/:=", 24, 24, 0, []look{
		having(`(?i)\b`, `t\.me|wa\.me|instagram\.com|tiktok\.com/@|facebook\.com|fb\.com|snapchat\.com/add|x\.com|twitter\.com|onlyfans\.com|linkedin\.com/in`, `/[\w.]{3,}`),
		having(`(?i)\b`, `ig|insta|instagram|snap|snapchat|telegram|tiktok|discord`, `\s?[:=]\s?[\w.]{3,}`),
	}},
}

// A name elsewhere, and names that are nobody's.
var (
	handles  = regexp.MustCompile(`(?:^|[^\w@./])@([A-Za-z][\w.]{2,})`)
	nobodies = regexp.MustCompile(`(?i)^(?:all|everyone|everybody|here|home|work|school|tutti|tutte|casa|channel|admin|host)\b`)
)

// private says what in a text gives somebody away.
func private(text string) []board.Private {
	if !strings.ContainsFunc(text, telling) {
		return nil
	}
	text = visible(text)
	var found []board.Private
	for _, c := range clues {
		if c.in(text) {
			found = append(found, c.kind)
		}
	}
	if handle(text) {
		found = append(found, board.PrivateHandle)
	}
	return found
}

// telling says whether r may be one of the marks of clues, in whatever form.
func telling(r rune) bool {
	switch {
	case r < utf8.RuneSelf:
		return '/' <= r && r <= ':' || r == '@' || r == '[' || r == '(' || r == '='
	case 'À' <= r && r < '⁰', '、' <= r && r < '㈀', '㐀' <= r && r < '🄀', r >= '🌀': // what is between has numbers and brackets
		return !board.Plain(r)
	}
	return true
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 {
			return false
		}
	}
	return true
}

// in looks around each mark, which is far quicker than looking everywhere.
func (c clue) in(text string) bool {
	for from := 0; from < len(text); {
		i := strings.IndexAny(text[from:], c.marks)
		if i < 0 {
			return false
		}
		end := from + i + 1
		n := 0
		for j := end - 1; j < len(text) && j < end+c.before+c.after; j++ {
			if strings.IndexByte(c.marks, text[j]) >= 0 {
				end, n = j+1, n+1
			}
		}
		if around := text[max(0, from+i-c.before):min(len(text), end+c.after)]; n >= c.digits && c.sees(around) {
			return true
		}
		from = end
	}
	return false
}

func (c clue) sees(text string) bool {
	low := strings.ToLower(text)
	within := func(word string) bool { return strings.Contains(low, word) }
	for _, look := range c.looks {
		if (look.some == nil || slices.ContainsFunc(look.some, within)) && look.MatchString(text) {
			return true
		}
	}
	return false
}

// handle says whether somebody's name elsewhere is in a text.
func handle(text string) bool {
	if !strings.Contains(text, "@") {
		return false
	}
	for _, at := range handles.FindAllStringSubmatch(text, hitsMax) {
		if !nobodies.MatchString(at[1]) {
			return true
		}
	}
	return false
}

// visible is a text without what has no width, with the letters and digits of ASCII
// in place of those that are the same in another form (１, 𝟏, ١).
func visible(text string) string {
	if isASCII(text) {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case board.Plain(r):
			return r
		case unseen(r):
			return -1
		case unicode.IsDigit(r):
			return '0' + value(r)
		}
		return r
	}, norm.NFKC.String(text))
}
