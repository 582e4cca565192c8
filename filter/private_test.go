package filter_test

import (
	"slices"
	"testing"

	"mayfly/board"
)

func TestTheGuardSeesWhatGivesSomebodyAway(t *testing.T) {
	s := screen(t)
	for _, tt := range []struct {
		kind board.Private
		text string
	}{
		{board.PrivatePhone, "call me: +39 333 123 4567"},
		{board.PrivatePhone, "+393331234567"},
		{board.PrivatePhone, "333 1234567, chiedi di Lina"},
		{board.PrivatePhone, "il suo numero 347/12.34.567"},
		{board.PrivatePhone, "338-1234567"},
		{board.PrivatePhone, "casa: 02 1234 5678"},
		{board.PrivatePhone, "(415) 555-0134"},
		{board.PrivatePhone, "415.555.0134"},
		{board.PrivatePhone, "07700 900123"},
		{board.PrivatePhone, "+44 20 7946 0958 is hers"},
		{board.PrivatePhone, "０７７００ ９００１２３"},
		{board.PrivatePhone, "whatsapp 5551234567"},
		{board.PrivateMail, "mary.rossi@example.org knows"},
		{board.PrivateMail, "mary (at) example.org"},
		{board.PrivateMail, "mary@\u200bexample.co.uk"},
		{board.PrivateHandle, "that's @mary_rossi on there"},
		{board.PrivateHandle, "insta: mary.rossi"},
		{board.PrivateHandle, "https://t.me/maryrossi"},
		{board.PrivateHandle, "instagram.com/mary.rossi"},
		{board.PrivateStreet, "She lives at 22 Baker Street."},
		{board.PrivateStreet, "221b Old Kent Road"},
		{board.PrivateStreet, "1600 N. Main St"},
		{board.PrivateStreet, "abita in via Garibaldi 12"},
		{board.PrivateStreet, "Via Roma, 7/b"},
		{board.PrivateStreet, "piazza della Repubblica 3, secondo piano"},
		{board.PrivateStreet, "viale dei Mille n. 41"},
		{board.PrivateStreet, "Corso Vittorio Emanuele II, 100."},
	} {
		if got := s.Read(board.Home, board.Draft{Body: tt.text}, true).Private; !slices.Equal(got, []board.Private{tt.kind}) {
			t.Errorf("%q gives away %v, want %s", tt.text, got, tt.kind)
		}
	}
	if got := s.Read(board.Home, board.Draft{Warning: "@mary_rossi", Alt: "0 333 1234567", Body: "mary@example.org, +393331234567"}, true).Private; !slices.Equal(got, []board.Private{"handle", "mail", "phone"}) {
		t.Errorf("all fields give away %v", got)
	}
}

// A guard that asks about ordinary words is one that people learn not to read.
func TestTheGuardDoesNotNag(t *testing.T) {
	s := screen(t)
	for _, text := range []string{
		"on 12/03/2024 at 10:30", "2024-05-12", "12.03.2024", "il 3 marzo 2025", "20240512", "2024-2025", "1999 / 2000",
		"1.234.567,89 euro", "$1,299.00", "€ 12.50", "120 €", "3 x 200 g", "1 234 567 inhabitants", "12,000,000 people",
		"3-2 after extra time", "6-4 6-7 7-5", "21:19, 19:21, 15:13", "bus 55, tram 9, line 333", "the 07:45 from platform 12", "flight FR 1234",
		"room 333, floor 3", "chapter 12, page 345", "1 2 3 4 5 6 7 8 9 10", "3.14159265", "version 1.2.3.4567", "192.168.1.10", "10.0.0.0/8",
		"ISBN 978-3-16-148410-0", "route 66", "100 %", "2 + 2 = 4", "10^6", "from 9-12 and 14-18", "order 20413", "4 8 15 16 23 42",
		"see you @ 5pm", "@all: meeting moved", "meet @home", "a@b", "he @ the bar", "@ me", "C++ @ 3", "5@10 each", "@everyone look", "@tutti",
		"ratio 16:9", "note: this is fine", "telegram was down", "snap: crackle, pop"[:5], "ig nore", "https://example.org/a/b", "and/or", "tcp/ip", "1/2 cup",
		"5 Big Macs", "10 Downing vans", "3 Musketeers", "2 Fast 2 Furious", "Catch 22 is a book", "The 39 Steps", "12 Angry Men", "20 King penguins",
		"via Skype alle 10:30", "via mail 2 volte", "in piazza alle 18", "la via Lattea", "vado via 2 giorni", "corso di inglese 2", "il treno per Roma delle 12.40 via Bologna 13:05",
		"via Milano 10:30", "via libera 24 ore su 24", "Piazza piena, 3000 persone", "viale alberato, 200 metri", "piazza Duomo, 20.000 persone", "via Emilia 20°",
		"I live in a yellow house", "the Street Fighter 2 game", "Wall Street fell 300 points", "St Patrick, 17 March", "Drive 5 km", "walk 10 min down Mill Lane",
		"0-0", "000", "0800", "112", "call 112", "call 999 now", "chiama il 118", "text 12345 to vote", "numero 7", "phone 15 and phone 16 compared",
	} {
		if got := s.Read(board.Home, board.Draft{Body: text}, true).Private; got != nil {
			t.Errorf("%q is asked about: %v", text, got)
		}
	}
}
