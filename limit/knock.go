package limit

// Knock charges one try at the door of a board: as often as to sign in, and past that
// with a proof of work or through the waiting room, as a passphrase that many share has
// no device by which the rightful are known. So no flood of strangers keeps anybody out,
// and each guess past the first few costs them more the louder they are. The error is that
// of Admit. won gives the try back, for who was let in.
func (g *Gate) Knock(slug string, who Caller, proof string) (won func(), err error) {
	if err := g.knocks.charge(who.Addr, ""); err == nil {
		return func() { g.knocks.refund(who.Addr, "") }, nil
	}
	w := Write{Cost: knock, Board: slug, Who: who, Proof: proof}
	t := g.toll(w, g.settings(slug).PowBits, g.knocking(w))
	if err := t.check(); err != nil {
		return nil, err
	}
	if err := t.pay(); err != nil {
		return nil, err
	}
	g.hear(w)
	return func() {}, nil
}

// knocking is how much is tried with proofs at a board's door, and from w's network, in
// units of what is tried there without.
func (g *Gate) knocking(w Write) (loudness float64) {
	now := g.now()
	current, previous := g.memory.epochs()
	for _, e := range []*epoch{current, previous} {
		ofBoard, ofNetwork := e.loadTags(w)
		loudness = max(loudness, e.loudness(ofBoard, now, strangerTries), e.loudness(ofNetwork, now, float64(loginTries*g.times(w.Who))))
	}
	return loudness
}
