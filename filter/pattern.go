package filter

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"

	"mayfly/board"
)

// pattern is a regular expression over skeletons.
type pattern struct {
	re   *regexp.Regexp
	some []string // one of these stands in every match; none: nothing is known
}

// progMax is how large a pattern may be, in steps of its program.
const progMax = 1000

// newPattern compiles RE2 syntax. Its letters are folded like the text they will
// meet.
func newPattern(text string) (*pattern, error) {
	tree, err := syntax.Parse(text, syntax.Perl|syntax.FoldCase)
	if err != nil {
		return nil, unread(err)
	}
	if shortest(tree) == 0 {
		return nil, board.UnfitFilter("every")
	}
	bare(tree)
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil || len(prog.Inst) > progMax {
		return nil, board.UnfitFilter("large")
	}
	re, err := regexp.Compile(tree.String())
	if err != nil {
		return nil, board.UnfitFilter("large")
	}
	return &pattern{re: re, some: required(tree.Simplify())}, nil
}

// unread refuses what is no pattern.
func unread(err error) error {
	why, where := err.Error(), ""
	if bad, ok := errors.AsType[*syntax.Error](err); ok {
		why, where = bad.Code.String(), bad.Expr
	}
	return board.UnfitFilter("unread", "why", why, "where", where)
}

// bare folds the letters that a pattern spells out.
func bare(re *syntax.Regexp) {
	if re.Op == syntax.OpLiteral {
		re.Flags &^= syntax.FoldCase
		if s := newSkeleton(string(re.Rune)); len(s.units) > 0 {
			re.Rune = []rune(s.bones)
		}
	}
	for _, sub := range re.Sub {
		bare(sub)
	}
}

// shortest is how few letters a match may have.
func shortest(re *syntax.Regexp) int {
	switch re.Op {
	case syntax.OpLiteral:
		return len(re.Rune)
	case syntax.OpCharClass, syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1
	case syntax.OpCapture, syntax.OpPlus:
		return shortest(re.Sub[0])
	case syntax.OpRepeat:
		return min(re.Min, 1) * shortest(re.Sub[0])
	case syntax.OpConcat:
		sum := 0
		for _, sub := range re.Sub {
			sum += shortest(sub)
		}
		return sum
	case syntax.OpAlternate:
		least := shortest(re.Sub[0])
		for _, sub := range re.Sub[1:] {
			least = min(least, shortest(sub))
		}
		return least
	case syntax.OpNoMatch:
		return 1
	default:
		return 0
	}
}

// someMax is how many texts are looked for before a pattern is run.
const someMax = 8

// required lists texts one of which every match holds: looking for them is far
// quicker than running the pattern, which most posts then need not.
func required(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if some := required(sub); least(some) > least(best) {
				best = some
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			some := required(sub)
			if some == nil || len(all)+len(some) > someMax {
				return nil
			}
			all = append(all, some...)
		}
		return all
	default:
		return nil
	}
}

// least is the length of the shortest, 0 of none.
func least(some []string) int {
	if len(some) == 0 {
		return 0
	}
	n := len(some[0])
	for _, s := range some {
		n = min(n, len(s))
	}
	return n
}

// find returns what it hits in s: places in the skeleton, at most most of them.
func (p *pattern) find(s *skeleton, most int) [][]int {
	if len(p.some) > 0 {
		there := false
		for _, text := range p.some {
			there = there || strings.Contains(s.bones, text)
		}
		if !there {
			return nil
		}
	}
	return p.re.FindAllStringIndex(s.bones, most)
}
