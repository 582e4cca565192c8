package limit

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"mayfly/board"
)

// solve finds the number that c asks for.
func solve(c Challenge) string {
	p, ok := parseProof(c.Token + ".0")
	if !ok {
		panic("no challenge")
	}
	for !p.solved() {
		p.counter++
	}
	return c.Token + "." + strconv.FormatUint(uint64(p.counter), 10)
}

// unsolved is a proof of c with a wrong number.
func unsolved(c Challenge) string {
	p, _ := parseProof(c.Token + ".0")
	for p.solved() {
		p.counter++
	}
	return c.Token + "." + strconv.FormatUint(uint64(p.counter), 10)
}

// asks is the challenge that a write is refused with.
func (s *street) asks(t testing.TB, w Write) Challenge {
	t.Helper()
	return s.refused(t, w).Challenge
}

func (s *street) refused(t testing.TB, w Write) *ProofError {
	t.Helper()
	err := s.Admit(w)
	asked, ok := errors.AsType[*ProofError](err)
	if !ok {
		t.Fatalf("%v, want to be asked for a proof", err)
	}
	return asked
}

// ticket is the place in the waiting room that a refused write gets.
func (s *street) ticket(t testing.TB, w Write) Ticket {
	t.Helper()
	ticket, err := s.Ticket(s.refused(t, w))
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func (s *street) refuses(t testing.TB, w Write, kind board.Kind) {
	t.Helper()
	err := s.Admit(w)
	_, asked := errors.AsType[*ProofError](err)
	if refusal, ok := errors.AsType[*board.Error](err); asked || !ok || refusal.Kind != kind {
		t.Fatalf("%v, want a plain refusal of kind %d", err, kind)
	}
}

func (s *street) takes(t testing.TB, w Write) {
	t.Helper()
	if err := s.Admit(w); err != nil {
		t.Fatalf("refused: %v", err)
	}
}

// quick is a street on which a proof is cheap.
func quick(settings ...string) *street {
	return newStreet(append([]string{"pow_bits=8"}, settings...)...)
}

// quicker is one where many solve many: what a proof costs is below what an admin may
// set, and all else is as the defaults say.
func quicker(settings ...string) *street {
	s := newStreet(settings...)
	s.settings.PowBits = 6
	return s
}

func newcomer(addr string) Write {
	return Write{Cost: Post, Board: board.Home, Who: Caller{from(addr), board.NewVisitor(time.Now())}}
}

func (w Write) with(proof string) Write {
	w.Proof = proof
	return w
}

// exhaust writes for newcomers of an address until they are asked for a proof.
func (s *street) exhaust(t testing.TB, w Write) Challenge {
	t.Helper()
	for range 10_000 {
		err := s.Admit(w)
		if asked, ok := errors.AsType[*ProofError](err); ok {
			return asked.Challenge
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("nobody was asked")
	return Challenge{}
}

// pays writes, and solves what is asked for.
func (s *street) pays(t testing.TB, w Write) {
	t.Helper()
	err := s.Admit(w)
	if asked, ok := errors.AsType[*ProofError](err); ok {
		err = s.Admit(w.with(solve(asked.Challenge)))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestALTCHAsWorkerSolvesOurs: the number is what the worker of npm's altcha 3.2.2
// answered, given these fields in its own message.
func TestALTCHAsWorkerSolvesOurs(t *testing.T) {
	said, _ := hex.DecodeString("106a00000000112233445566778899aa")
	sign, _ := hex.DecodeString("ffeeddccbbaa99887766554433221100")
	p := proof{token: token{[saidBytes]byte(said), tag(sign)}, counter: 3580}
	if c := p.challenge(); c.Cost != 128 || c.Zeros != 3 || c.Bits != 16 || !bytes.Equal(c.Nonce, said) || !bytes.Equal(c.Salt, sign) {
		t.Fatalf("%+v", c)
	}
	if !p.solved() {
		t.Error("its number is refused")
	}
	for p.counter = range uint32(3580) {
		if p.solved() {
			t.Fatalf("%d would have been enough", p.counter)
		}
	}
}

func TestAProofCostsTwiceAsMuchWithEachBitAndItsCheckNeverMuch(t *testing.T) {
	for work := 8; work <= board.PowBitsMax; work++ {
		zeros, cost := shape(work)
		if total := 4*zeros + len(strconv.FormatInt(int64(cost), 2)) - 1; total != work+unitBits {
			t.Errorf("%d bits: %d hex digits of %d rounds", work, zeros, cost)
		}
		if cost < 32 || cost > 256 || zeros < 1 {
			t.Errorf("%d bits: %d hex digits of %d rounds", work, zeros, cost)
		}
	}
}

func TestPastASharedBucketAProofOpensOneWrite(t *testing.T) {
	for _, cost := range []Cost{Post, Reply, Vote, Open, Report} {
		synctest.Test(t, func(t *testing.T) {
			s, w := quick(), newcomer("203.0.113.9")
			w.Cost = cost
			s.exhaust(t, w)
			asked := s.refused(t, w)
			refusal, ok := errors.AsType[*board.Error](asked)
			if !ok || refusal.Kind != board.Limited || refusal.Code != "error.proof" || refusal.Args["wait"] != roomTime(8) {
				t.Errorf("refusal = %+v", refusal)
			}
			proof := solve(asked.Challenge)
			s.takes(t, w.with(proof))
			s.asks(t, w.with(proof)) // once
			s.asks(t, w)
		})
	}
}

func TestOneProofIsForAllThatAWriteCosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("post=1/1", "reply=1/1"), newcomer("203.0.113.9")
		w.More = []Cost{Reply}
		for range 2 {
			s.takes(t, w)
		}
		s.takes(t, w.with(solve(s.asks(t, w))))
		s.set("pow=off")
		s.refuses(t, w, board.Limited)
		me := Write{Cost: Post, More: []Cost{Reply}, Board: board.Home, Who: settled("203.0.113.9")}
		s.takes(t, me)
		s.refuses(t, me, board.Limited)
		s.set("pow=adaptive")
		s.refuses(t, me, board.Limited)
	})
}

func TestNoProofHelpsWhoHasEmptiedTheirOwnBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, pow := range []string{"off", "adaptive"} {
			s, w := quick("pow="+pow), Write{Cost: Post, Board: board.Home, Who: settled("203.0.113.9")}
			for range 3 {
				s.takes(t, w)
			}
			s.refuses(t, w, board.Limited)
		}
		s, w := quick("pow=always"), Write{Cost: Post, Board: board.Home, Who: settled("203.0.113.9")}
		for range 3 {
			s.takes(t, w.with(solve(s.asks(t, w))))
		}
		s.refuses(t, w.with(solve(s.asks(t, w))), board.Limited)
	})
}

func TestPowOffRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("pow=off"), newcomer("203.0.113.9")
		for range 6 {
			s.takes(t, w)
		}
		s.refuses(t, w, board.Limited)
	})
}

func TestSettledVisitorsAreNotAskedWhateverOthersDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("post=6/3")
		for i := range 500 { // a raid from everywhere
			_ = s.Admit(newcomer(fmt.Sprintf("198.51.%d.1", i%250)))
		}
		s.exhaust(t, newcomer("203.0.113.9"))
		me := Write{Cost: Post, Board: board.Home, Who: settled("203.0.113.9")}
		for range 3 {
			s.takes(t, me)
		}
	})
}

func TestACrowdOfSettledVisitorsIsAskedPastItsBucket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("post=6/3")
		crowd := func(i int) Write {
			return Write{Cost: Post, Board: board.Home, Who: settled(fmt.Sprintf("203.0.113.%d", i%256))}
		}
		for i := range 600 {
			s.takes(t, crowd(i))
		}
		w := crowd(600)
		s.takes(t, w.with(solve(s.asks(t, w))))
	})
}

func TestPowAlwaysAsksForEachWriteEvenWhereNothingIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("pow=always", "post=0")
		for _, w := range []Write{newcomer("203.0.113.9"), {Cost: Post, Board: board.Home, Who: settled("203.0.113.9")}} {
			for range 5 {
				s.takes(t, w.with(solve(s.asks(t, w))))
			}
		}
	})
}

// Test200PhonesBehindOneAddressWriteOnceTheySolve at the full default rates, each
// with a cookie that has just been given.
func Test200PhonesBehindOneAddressWriteOnceTheySolve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quicker()
		phones := make([]Write, 200)
		for i := range phones {
			phones[i] = newcomer("203.0.113.9")
		}
		for range 3 { // at once
			for _, phone := range phones {
				s.pays(t, phone)
			}
		}
		{ // and then at the rate
			time.Sleep(10 * time.Second)
			for _, phone := range phones {
				s.pays(t, phone)
			}
		}
	})
}

// TestOneNetworkGets200RatesWithProofsAtMost, and a proof that is too many is not
// spent.
func TestOneNetworkGets200RatesWithProofsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("post=6/1")
		s.exhaust(t, newcomer("203.0.113.9"))
		passed, over := 0, ""
		for i := range 1000 {
			w := newcomer(fmt.Sprintf("203.0.113.%d", i%256))
			if asked, ok := errors.AsType[*ProofError](s.Admit(w)); ok {
				over = solve(asked.Challenge)
				if s.Admit(w.with(over)) != nil {
					break
				}
				passed++
			}
		}
		if passed != 200 {
			t.Fatalf("%d passed with a proof, want 200", passed)
		}
		w := newcomer("203.0.113.9")
		s.refuses(t, w.with(over), board.Limited)
		s.asks(t, newcomer("198.51.100.1").with(over)) // but that is another network
		time.Sleep(10 * time.Second)
		s.exhaust(t, w)
		s.takes(t, w.with(over))
	})
}

func TestALoudBoardAsksNewcomersAndMoreTheLouderItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("post=6/3")
		written := 0
		for _, step := range []struct{ posts, bits int }{{61, 8}, {119, 8}, {121, 9}, {241, 10}, {481, 11}} {
			for ; written < step.posts; written++ {
				w := newcomer(fmt.Sprintf("10.%d.%d.1", written/250, written%250))
				if written < 60 {
					s.takes(t, w)
				} else {
					s.hear(w) // as if it had been paid for
				}
			}
			if got := s.asks(t, newcomer("192.0.2.1")).Bits; got != step.bits {
				t.Errorf("after %d posts in a minute: %d bits, want %d", step.posts, got, step.bits)
			}
		}
		s.pays(t, newcomer("192.0.2.1"))
		s.takes(t, Write{Cost: Reply, Board: board.Home, Who: newcomer("192.0.2.1").Who}) // replies are as always
		s.takes(t, Write{Cost: Post, Board: "kitchen", Who: newcomer("192.0.2.1").Who})
		time.Sleep(3 * time.Minute)
		s.takes(t, newcomer("192.0.2.1"))
	})
}

func TestALoudNetworkPaysMoreThanItsNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick("post=6/30")
		loud := newcomer("203.0.113.9")
		for i := range 239 { // on boards that are not loud for it
			loud.Board = fmt.Sprint("board", i%4)
			s.pays(t, loud)
		}
		if got := s.asks(t, loud).Bits; got != 8 {
			t.Errorf("%d bits, want 8", got)
		}
		loud.Board = board.Home
		s.pays(t, loud)
		if got := s.asks(t, loud).Bits; got != 9 {
			t.Errorf("with 240 in a minute: %d bits, want 9", got)
		}
	})
}

func TestNoMoreIsAskedThanTheMost(t *testing.T) {
	for usual, want := range map[int]int{8: 14, 16: 22, 20: 24, 24: 24} {
		if got := new(Gate).toll(Write{}, usual, 1e9).work; got != want {
			t.Errorf("%d bits, and all the noise there is: %d, want %d", usual, got, want)
		}
	}
}

func TestOnlyAProofThatIsWhatWasAskedForIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("post=1/1"), newcomer("203.0.113.9")
		other := quick("post=1/1")
		foreign := solve(other.exhaust(t, w))
		c := s.exhaust(t, w)
		proof := solve(c)
		name, number, _ := strings.Cut(proof, ".")
		raw, _ := base64.RawURLEncoding.DecodeString(name)
		edited := func(i int, by byte) string {
			b := bytes.Clone(raw)
			b[i] ^= by
			return base64.RawURLEncoding.EncodeToString(b) + "." + number
		}
		reply := w
		reply.Cost = Reply
		kitchen := w
		kitchen.Board = "kitchen"
		away := newcomer("198.51.100.1")
		neighbour := newcomer("203.0.113.10")
		for _, w := range []Write{reply, kitchen, away, neighbour} {
			s.exhaust(t, w)
		}
		for what, w := range map[string]Write{
			"for another cost":    reply.with(proof),
			"for another board":   kitchen.with(proof),
			"for another network": away.with(proof),
			"another server's":    w.with(foreign),
			"with a wrong number": w.with(unsolved(c)),
			"worth less":          w.with(edited(0, 8^1)),
			"later than it was":   w.with(edited(4, 1)),
			"with another nonce":  w.with(edited(8, 1)),
			"signed otherwise":    w.with(edited(31, 1)),
			"as a ticket":         w.with(name),
			"a ticket of ours":    w.with(edited(0, 8)),
			"without a number":    w.with(name + "."),
			"with a plus":         w.with(name + ".+" + number),
			"with a nought":       w.with(name + ".0" + number),
			"with a space":        w.with(proof + " "),
			"with a line end":     w.with(name[:40] + "\n" + name[40:] + "." + number),
			"with padding":        w.with(name + "=." + number),
			"with a huge number":  w.with(name + ".4294967296"),
			"with two numbers":    w.with(proof + "." + number),
			"nothing but a point": w.with("."),
			"what is no base64":   w.with(strings.Repeat("!", 43) + "." + number),
			"a megabyte":          w.with(strings.Repeat("A", 1<<20)),
		} {
			t.Log(what)
			s.asks(t, w)
		}
		s.takes(t, neighbour.with(proof)) // of one network
	})
}

func TestAProofEndsAfterTenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("post=1/1"), newcomer("203.0.113.9")
		time.Sleep(epochTime / 2) // the key turns meanwhile
		c := s.exhaust(t, w)
		if c.Life != proofLife {
			t.Errorf("it says it lasts %v", c.Life)
		}
		time.Sleep(proofLife - time.Second)
		w = newcomer("203.0.113.9")
		s.exhaust(t, w)
		s.takes(t, w.with(solve(c)))

		c = s.exhaust(t, w)
		time.Sleep(proofLife)
		w = newcomer("203.0.113.9")
		s.exhaust(t, w)
		s.asks(t, w.with(solve(c)))
	})
}

func TestAProofStandsUnlessMoreIsAskedBySettingOrALotMoreByNoise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("post=1/1", "pow=always"), newcomer("203.0.113.9")
		first := solve(s.asks(t, w))
		s.set("pow_bits=9")
		s.asks(t, w.with(first))
		s.set("pow_bits=8")
		now := time.Now()
		for _, e := range []*epoch{s.memory.current, s.memory.previous} {
			b, _ := e.loadTags(w)
			e.loads[b] = load{busyBoard << 3, now}
		}
		s.asks(t, w.with(first)) // three bits short
		for _, e := range []*epoch{s.memory.current, s.memory.previous} {
			b, _ := e.loadTags(w)
			e.loads[b] = load{busyBoard << 2, now}
		}
		s.takes(t, w.with(first))
	})
}

// TestR68NothingIsKeptOfAChallengeUntilItIsSolved, nor of a proof that is none.
func TestR68NothingIsKeptOfAChallengeUntilItIsSolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("post=1/1", "pow=always"), newcomer("203.0.113.9")
		for range 1000 {
			s.asks(t, w.with(unsolved(s.asks(t, w))))
		}
		kept := func() int {
			n := 0
			for _, e := range []*epoch{s.memory.current, s.memory.previous} {
				n += len(e.spent) + len(e.loads) + len(e.queues) + len(e.lanes)
			}
			return n
		}
		if n := kept(); n != 0 {
			t.Errorf("%d things are remembered", n)
		}
		s.takes(t, w.with(solve(s.asks(t, w))))
		time.Sleep(2 * epochTime)
		s.memory.epochs()
		if n := kept(); n != 0 {
			t.Errorf("%d things are remembered when the keys have gone", n)
		}
	})
}

func TestR68AProofIsTakenOnceByManyAtOnce(t *testing.T) {
	s, w := quick("pow=always", "post=0"), newcomer("203.0.113.9")
	proof := solve(s.asks(t, w))
	var taken atomic.Int32
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if s.Admit(w.with(proof)) == nil {
				taken.Add(1)
			}
		})
	}
	all.Wait()
	if n := taken.Load(); n != 1 {
		t.Errorf("it was taken %d times", n)
	}
}

// TestR68TwoWhoShowOneProofAtOnceSpendItOnce, however closely they are together.
func TestR68TwoWhoShowOneProofAtOnceSpendItOnce(t *testing.T) {
	s, w := quick("pow=always"), newcomer("203.0.113.9")
	w = w.with(solve(s.asks(t, w)))
	first, second := s.toll(w, 8, 0), s.toll(w, 8, 0)
	for _, both := range []*toll{&first, &second} {
		if err := both.check(); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.pay(); err != nil {
		t.Fatal(err)
	}
	if _, asked := errors.AsType[*ProofError](second.pay()); !asked {
		t.Error("it was taken twice")
	}
}

func TestASpentProofTakesNothingFromItsNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("post=1/1"), newcomer("203.0.113.9")
		spent := solve(s.exhaust(t, w))
		s.takes(t, w.with(spent))
		for range 300 { // the network has 200
			s.asks(t, w.with(spent))
		}
		s.takes(t, w.with(solve(s.asks(t, w))))
	})
}

func TestR68WithNoRoomToRememberProofsAreRefusedRatherThanTakenTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("pow=always", "post=0"), newcomer("203.0.113.9")
		spent := solve(s.asks(t, w))
		s.takes(t, w.with(spent))
		next := solve(s.asks(t, w))
		e := s.memory.current
		for i := len(e.spent); i < spentMax; i++ {
			e.spent[tag{byte(i), byte(i >> 8), byte(i >> 16), 1}] = struct{}{}
		}
		s.refuses(t, w.with(next), board.Busy)
		s.asks(t, w.with(spent))
		time.Sleep(epochTime) // a key turns, and there is room
		s.takes(t, w.with(solve(s.asks(t, w))))
	})
}

func TestWithNoRoomToRememberNoiseNewcomersAreAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := quick()
		for _, e := range []*epoch{s.memory.current, s.memory.previous} {
			for i := range loadsMax {
				e.loads[tag{byte(i), byte(i >> 8), 1}] = load{1, time.Now()}
			}
		}
		w := newcomer("203.0.113.9")
		if got := s.asks(t, w).Bits; got != 8 {
			t.Errorf("%d bits, want 8", got)
		}
		s.takes(t, w.with(solve(s.asks(t, w))))
		if n := len(s.memory.current.loads); n != loadsMax {
			t.Errorf("%d loads are remembered", n)
		}
	})
}

// TestNoOtherProofIsTaken: whatever one bit or letter of a good proof becomes.
func TestNoOtherProofIsTaken(t *testing.T) {
	s, w := quick("pow=always", "post=0"), newcomer("203.0.113.9")
	good := solve(s.asks(t, w))
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(good)
		for range rapid.IntRange(1, 3).Draw(t, "changes") {
			b[rapid.IntRange(0, len(b)-1).Draw(t, "at")] = rapid.Byte().Draw(t, "to")
		}
		if string(b) == good {
			t.Skip("nothing was changed")
		}
		if c, ok := strings.CutPrefix(string(b), good[:44]); ok { // another number may solve it as well
			if p, ok := parseProof(good[:44] + c); ok && p.solved() {
				t.Skip("it is a proof as well")
			}
		}
		err := s.Admit(w.with(string(b)))
		if _, asked := errors.AsType[*ProofError](err); !asked {
			t.Fatalf("%q: %v", b, err)
		}
	})
	if err := s.Admit(w.with(good)); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func FuzzProof(f *testing.F) {
	s, w := quick("pow=always", "post=0"), newcomer("203.0.113.9")
	asked, ticket := s.asks(f, w), s.ticket(f, w)
	for _, seed := range []string{"", ".", ticket.Proof, unsolved(asked), asked.Token, asked.Token + ".-1", strings.Repeat("A", 43) + ".1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := parseProof(text)
		if ok && p.bits() > 0 && p.String()+"."+strconv.FormatUint(uint64(p.counter), 10) != text || ok && p.bits() == 0 && p.String() != text {
			t.Errorf("%q is spelled otherwise, and taken", text)
		}
		if err := s.Admit(w.with(text)); err == nil && !p.solved() {
			t.Errorf("%q opens a write", text)
		}
	})
}

// The waiting room.

func TestATicketIsAProofOnceItsWaitIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := newStreet("post=6/3"), newcomer("203.0.113.9")
		s.exhaust(t, w)
		ticket := s.ticket(t, w)
		if ticket.Wait < 20*time.Second || ticket.Wait > 21*time.Second {
			t.Fatalf("%+v; want a wait of 20 s", ticket)
		}
		time.Sleep(ticket.Wait - 5*time.Second)
		s.exhaust(t, w)
		same := s.ticket(t, w.with(ticket.Proof))
		if same.Proof != ticket.Proof || same.Wait != 5*time.Second {
			t.Errorf("too early: %+v; want the same ticket, and the 5 s that are left", same)
		}
		time.Sleep(same.Wait)
		s.exhaust(t, w)
		s.takes(t, w.with(ticket.Proof))
		s.exhaust(t, w)
		s.asks(t, w.with(ticket.Proof)) // once
		if again := s.ticket(t, w.with(ticket.Proof)); again.Proof == ticket.Proof {
			t.Error("a spent ticket is given again")
		}
	})
}

func TestATicketIsForOneNetworkAndCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("pow=always"), newcomer("203.0.113.9")
		ticket := s.ticket(t, w)
		time.Sleep(ticket.Wait)
		reply := w
		reply.Cost = Reply
		s.asks(t, reply.with(ticket.Proof))
		s.asks(t, newcomer("198.51.100.1").with(ticket.Proof))
		s.asks(t, w.with(ticket.Proof+".0"))
		s.takes(t, w.with(ticket.Proof))
	})
}

func TestToWaitManyTimesAtOnceGainsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStreet("post=6/3")
		s.exhaust(t, newcomer("203.0.113.9"))
		began := time.Now()
		var tickets []Ticket
		for i := range 1000 {
			w := newcomer(fmt.Sprintf("203.0.113.%d", i%256))
			if asked, ok := errors.AsType[*ProofError](s.Admit(w)); ok {
				if ticket, err := s.Ticket(asked); err == nil {
					tickets = append(tickets, ticket)
				} else if refusal, ok := errors.AsType[*board.Error](err); !ok || refusal.Kind != board.Limited {
					t.Fatal(err)
				}
			}
		}
		if n := len(tickets); n < 50 || n > 60 {
			t.Errorf("%d tickets of 5 minutes with one each 5 seconds", n)
		}
		passed := 0
		for time.Since(began) < 2*time.Minute {
			time.Sleep(time.Second)
			for _, ticket := range tickets {
				w := newcomer("203.0.113.9")
				if s.charge(w.Cost, w.Board, w.Who, 1) == nil {
					continue // what is free is not counted here
				}
				if s.Admit(w.with(ticket.Proof)) == nil {
					passed++
				}
			}
		}
		if passed > 24 {
			t.Errorf("%d came in by waiting in two minutes, want 12 a minute at most", passed)
		}
		other := newcomer("198.51.100.1")
		s.exhaust(t, other)
		s.ticket(t, other)
	})
}

func TestTheWaitGrowsWithTheWork(t *testing.T) {
	for work, want := range map[int]time.Duration{8: 5 * time.Second, 14: 10 * time.Second, 16: 20 * time.Second, 18: 30 * time.Second, 24: time.Minute} {
		if got := roomTime(work); got != want {
			t.Errorf("%d bits: %v, want %v", work, got, want)
		}
	}
}

func TestAFullWaitingRoomLetsNobodyElseIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, w := quick("pow=always", "post=0"), newcomer("203.0.113.9")
		asked := s.refused(t, w)
		for i := range queuesMax {
			s.memory.current.queues[tag{byte(i), byte(i >> 8), 1}] = time.Now()
		}
		if _, err := s.Ticket(asked); err == nil {
			t.Error("there is room for one more")
		}
	})
}

func BenchmarkAsk(b *testing.B) {
	s, w := newStreet("pow=always"), newcomer("203.0.113.9")
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Admit(w)
	}
}

func BenchmarkCheckOfABadProof(b *testing.B) {
	for _, work := range []int{8, 16, 17, 24} {
		b.Run(fmt.Sprintf("bits=%d", work), func(b *testing.B) {
			s, w := newStreet("pow=always", fmt.Sprintf("pow_bits=%d", work)), newcomer("203.0.113.9")
			w = w.with(unsolved(s.asks(b, w)))
			b.ReportAllocs()
			for b.Loop() {
				_ = s.Admit(w)
			}
		})
	}
	b.Run("forged", func(b *testing.B) {
		s, w := newStreet("pow=always"), newcomer("203.0.113.9")
		w = w.with(strings.Repeat("EA", 21) + "A.1")
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Admit(w)
		}
	})
}

func BenchmarkSolve16(b *testing.B) {
	s, w := newStreet("pow=always"), newcomer("203.0.113.9")
	for b.Loop() {
		solve(s.asks(b, w))
	}
}

func BenchmarkAdmitWithoutAProof(b *testing.B) {
	s, w := newStreet("post=100000/100000"), Write{Cost: Post, Board: board.Home, Who: settled("203.0.113.9")}
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Admit(w)
	}
}
