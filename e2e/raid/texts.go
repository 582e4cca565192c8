package main

import (
	_ "embed"
	"fmt"
	"math/rand/v2"
	"strings"
)

//go:embed people.txt
var peopleText string

var sentences = strings.Split(strings.TrimSpace(peopleText), "\n")

// personText is the n-th thing that somebody says: now and then one of the sentences,
// else one that is put together.
func personText(r *rand.Rand, n int) string {
	if n%3 == 0 {
		return sentences[n/3%len(sentences)]
	}
	one := func(list string) string {
		words := strings.Split(list, "|")
		return words[r.IntN(len(words))]
	}
	return fmt.Sprintf("%s %s %s %s, %s %s %s",
		one("I saw|I lost|I found|we need|who has|I am giving away|somebody broke|I painted|they moved|I keep dreaming of|my sister wants|nobody believes me about|I am repairing|look at|I sold"),
		one("a red kite|the old piano|two blue chairs|my grandfather's watch|a box of plums|the garden gate|a lonely glove|three kittens|the ticket machine|a broken umbrella|some very good bread|the tallest sunflower|an accordion|a pair of skates|the map of the valley|a jar of honey"),
		one("by the river|behind the theatre|near platform two|under the chestnut trees|in the courtyard|next to the fountain|on the third floor|at the harbour|outside the bakery|in the reading room|along the canal|opposite the town hall|beside the tennis court|in our stairwell|at the top of the hill"),
		one("this morning|last night|on Tuesday|just now|after the rain|before dawn|during the concert|at noon|since yesterday|every single week|right after lunch|while it snowed"),
		one("does that mean|tell me whether|I wonder if|perhaps|it seems|they say|I would be glad if|let me know if|my neighbour thinks|funny how"),
		one("somebody remembers it|the owner comes back|we can share it|it belongs to you|winter is here|you would like it too|the children laugh|anyone is interested|it still works|there is more of it"),
		one("and thank you|or not|as always|for once|in the end|with a little luck|and nobody minds|today of all days|before it gets dark|so write to me"))
}

// campaigns are what the raid pastes.
var campaigns = []string{
	"This town belongs to us now and every one of you should pack up and leave before the weekend",
	"Join our channel for free coins, only today, everybody who signs up gets two hundred, link in the next post",
	"Your moderators are cowards and this board is dead, come to the other place where nobody deletes the truth",
	"Tutti quelli che scrivono qui sono dei falliti, chiudete questa bacheca e andate a lavorare una buona volta",
}

// slogans are what a host would block who has seen the campaigns for a minute: two
// phrases of each, as words are replaced in them.
var slogans = []string{
	"belongs to us now", "pack up and leave", "join our channel", "for free coins", "moderators are cowards", "nobody deletes the truth",
	"dei falliti", "chiudete questa bacheca",
}

// originals is which share of the raid's posts is not pasted but said anew.
const originals = 0.15

// trollText is a copy in disguise, or an insult of its own.
func trollText(r *rand.Rand) string {
	if r.Float64() < originals {
		return insult(r)
	}
	text := campaigns[r.IntN(len(campaigns))]
	words := strings.Fields(text)
	for range r.IntN(3) {
		words[r.IntN(len(words))] = nonsense(r)
	}
	text = strings.Join(words, " ")
	switch r.IntN(5) {
	case 0:
		text = strings.ToUpper(text)
	case 1:
		text = dress(r, text, map[rune]rune{'a': 'а', 'e': 'е', 'o': 'о', 'c': 'с', 'p': 'р', 'i': 'і', 'x': 'х', 'y': 'у'})
	case 2:
		text = dress(r, text, map[rune]rune{'a': '4', 'e': '3', 'o': '0', 's': '5', 't': '7', 'i': '1'})
	case 3:
		text = strings.ReplaceAll(text, "e", "e\u200d")
	}
	return text + fmt.Sprintf(" %d", r.IntN(100_000))
}

func dress(r *rand.Rand, s string, by map[rune]rune) string {
	return strings.Map(func(l rune) rune {
		if other, ok := by[l]; ok && r.IntN(2) == 0 {
			return other
		}
		return l
	}, s)
}

// insult puts one together that has not been heard before.
func insult(r *rand.Rand) string {
	one := func(list ...string) string { return list[r.IntN(len(list))] }
	return fmt.Sprintf("%s %s %s %s, %s %s %s %s", one("hey", "listen", "look", "so"), one("you", "all of you", "the lot of you"), one("sad", "lazy", "stupid", "weak", "fake"),
		one("losers", "sheep", "liars", "nobodies", "clowns"), one("go", "crawl", "run", "leave"), one("back to", "home to", "away with"),
		nonsense(r)+" "+nonsense(r), one("forever", "tonight", "and cry", "or else", "before we come")+" "+nonsense(r))
}

func nonsense(r *rand.Rand) string {
	const vowels, others = "aeiou", "bcdfglmnprstvz"
	var b strings.Builder
	for range 2 + r.IntN(3) {
		b.WriteByte(others[r.IntN(len(others))])
		b.WriteByte(vowels[r.IntN(len(vowels))])
	}
	return b.String()
}
