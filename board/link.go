package board

import (
	"regexp"
	"strings"
)

// linkShape finds what leads elsewhere: an address with its scheme, one that begins with
// www., and a name with a dot and a way behind it (t.me/x), which nobody makes a link of
// but everybody can type.
var linkShape = regexp.MustCompile(`(?i)[a-z][a-z0-9+.-]*://[^\s]|\bwww\.[\pL\pN]|[\pL\pN](?:[\pL\pN-]*[\pL\pN])?\.\pL{2,}(?::\d+)?/[^\s]`)

// HasLink says whether a text has a link in it.
func HasLink(text string) bool {
	return strings.ContainsAny(text, ".:") && linkShape.MatchString(text)
}
