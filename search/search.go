// Package search finds the living by their words, tags and places. What it knows
// lies in memory alone, in SQLite's full-text index of a database without a file,
// and is gone with the process; at the next start it is read anew from the store.
// It knows nothing of HTTP, and takes no part in what has ended: who asks reads the
// posts that it names from the store.
package search

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3" // the driver

	"mayfly/board"
)

var _ board.Finder = (*Index)(nil)

// Index is what is known of the living. It is safe for concurrent use.
type Index struct {
	now     board.Clock
	log     *slog.Logger
	askTime time.Duration

	mu      sync.Mutex // guards what follows, for moments only
	alive   map[board.PostID]entry
	trends  trends
	waiting []change
	filling bool
	early   map[board.PostID]bool // ended while Fill was reading
	coming  map[board.PostID]bool // being stored; true: ended already

	asking  sync.Mutex // one question or change at a time
	db      *sql.DB
	changer statements
	wake    chan struct{} // something waits
	full    chan struct{} // a chunk waits
	pace    pace
}

// entry is a living post. It holds no pointers: of a million the garbage collector looks
// at none.
type entry struct {
	seq  int64
	born moment
	tags uint32 // the first of them; 0: it has none
}

// change is a post on its way into the index or, without words, out of it.
type change struct {
	id    board.PostID
	seq   int64
	words string
}

// New begins an empty Index. Close it.
func New(ctx context.Context, now board.Clock, log *slog.Logger) (*Index, error) {
	db, err := sql.Open("sqlite3", ":memory:?_temp_store=2")
	if err != nil {
		return nil, fmt.Errorf("open search: %w", err)
	}
	db.SetMaxOpenConns(1) // another connection would be another database
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)
	// matchinfo: no sizes of documents, which only ranking needs. content: the words
	// stand once, in docs. No order=desc: with it every birth would make a segment.
	const tables = `
		PRAGMA temp_store = MEMORY;
		PRAGMA journal_mode = OFF;
		PRAGMA secure_delete = ON;
		CREATE TABLE docs (
			seq   INTEGER PRIMARY KEY,
			id    BLOB NOT NULL,
			words TEXT NOT NULL
		);
		CREATE VIRTUAL TABLE found USING fts4 (words, content="docs", tokenize=simple, matchinfo=fts3);
		INSERT INTO found (found) VALUES ('automerge=4'); -- or a few transactions do the merging of all`
	if _, err := db.ExecContext(ctx, tables); err != nil {
		return nil, errors.Join(fmt.Errorf("open search: %w", err), db.Close())
	}
	prepared, err := prepare(ctx, db)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open search: %w", err), db.Close())
	}
	return &Index{
		now: now, log: log, askTime: askTime, db: db, changer: prepared, wake: make(chan struct{}, 1), full: make(chan struct{}, 1), pace: newPace(spent),
		alive: map[board.PostID]entry{}, coming: map[board.PostID]bool{},
		trends: trends{boards: map[string]map[string]uint32{}, rankings: map[string]ranking{}},
	}, nil
}

// Close forgets everything.
func (x *Index) Close() error {
	if err := x.db.Close(); err != nil {
		return fmt.Errorf("close search: %w", err)
	}
	return nil
}

// gathers is how long changes gather before Run takes them in, or until they are a chunk:
// a transaction costs as much as many of them. Who asks meanwhile takes them in first.
const gathers = 250 * time.Millisecond

// Run takes in what waits, so that nobody who asks has to wait for it, until ctx ends.
// The words of what ended are gone from memory after what it gathers and, where much
// ended, after some 50 µs of the processor for each: twice that where others are served.
func (x *Index) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.wake:
		}
		select {
		case <-ctx.Done():
			return
		case <-x.full:
		case <-time.After(gathers):
		}
		x.settleAll(ctx)
	}
}

// Expect announces a post that is about to be stored.
func (x *Index) Expect(id board.PostID) (settled func()) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.coming[id] = false
	return func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		delete(x.coming, id)
	}
}

// Add takes in a post that was born, unless it is one that nobody may find.
func (x *Index) Add(p board.Post) {
	if p.Unlisted || p.ViewOnce || p.IsReply() || p.Prompt != board.NoPrompt {
		return
	}
	c := change{p.ID, p.Seq, document(p)}
	e := entry{seq: p.Seq, born: momentOf(p.Life.Since)}
	tags := tagsOf(p)
	x.mu.Lock()
	defer x.mu.Unlock()
	if _, known := x.alive[p.ID]; known || x.early[p.ID] || x.coming[p.ID] {
		return
	}
	e.tags = x.trends.add(p.Board, tags, e.born)
	x.alive[p.ID] = e
	x.put(c)
}

// Drop forgets posts. From its return on they are not found; their words go from
// memory a moment later: see Run.
func (x *Index) Drop(ended []board.Ending) {
	for some := range slices.Chunk(ended, chunk) { // nobody waits for all of a mass ending
		x.forget(some)
	}
}

func (x *Index) forget(ended []board.Ending) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range ended {
		if e.ID != e.Thread {
			continue
		}
		post, known := x.alive[e.ID]
		if !known {
			x.overtaken(e.ID)
			continue
		}
		delete(x.alive, e.ID)
		x.trends.drop(post.tags, post.born)
		x.put(change{id: e.ID, seq: post.seq})
	}
}

// overtaken remembers an ending whose birth may still be on its way here.
func (x *Index) overtaken(id board.PostID) {
	if x.filling {
		x.early[id] = true
	}
	if _, is := x.coming[id]; is {
		x.coming[id] = true
	}
}

func (x *Index) put(c change) {
	x.waiting = append(x.waiting, c)
	knock(x.wake)
	if len(x.waiting) >= chunk {
		knock(x.full)
	}
}

func knock(at chan struct{}) {
	select {
	case at <- struct{}{}:
	default:
	}
}

// Source is where the living are read from at the start.
type Source interface {
	// Living returns some of the posts whose Seq is higher than after, in their order.
	Living(ctx context.Context, after int64, now time.Time) ([]board.Post, error)
}

// Fill reads all that is alive. Births and endings meanwhile are taken in as ever.
func (x *Index) Fill(ctx context.Context, from Source) error {
	x.mu.Lock()
	x.filling, x.early = true, map[board.PostID]bool{}
	x.mu.Unlock()
	defer func() {
		x.mu.Lock()
		x.filling, x.early = false, nil
		x.mu.Unlock()
	}()
	for after := int64(0); ; {
		var posts []board.Post
		var err error
		x.pace.work(ctx, func() {
			posts, err = from.Living(ctx, after, x.now())
			for _, p := range posts {
				x.Add(p)
			}
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("fill search: %w", err)
		}
		if len(posts) == 0 {
			return nil
		}
		x.settleAll(ctx)
		after = posts[len(posts)-1].Seq
	}
}

// Reading says whether Fill is at work.
func (x *Index) Reading() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.filling
}

// settleAll takes in all that waits, until ctx ends, and lets others ask in between.
func (x *Index) settleAll(ctx context.Context) {
	for more := true; more && ctx.Err() == nil; {
		x.pace.work(ctx, func() {
			x.asking.Lock()
			defer x.asking.Unlock()
			more = x.settle(ctx)
		})
	}
}

// chunk is how many changes are taken in at a time: some ten milliseconds, and below
// a hundred where FTS puts its segments together.
const chunk = 500

// settle takes in some of what waits, and says whether more does. It is called
// under asking.
func (x *Index) settle(ctx context.Context) (more bool) {
	x.mu.Lock()
	changes := x.waiting[:min(chunk, len(x.waiting))]
	x.waiting = x.waiting[len(changes):]
	if more = len(x.waiting) > 0; !more {
		x.waiting = nil // or it would hold on to what it once held
	}
	x.mu.Unlock()
	if len(changes) == 0 {
		return more
	}
	if err := x.apply(context.WithoutCancel(ctx), changes); err != nil {
		x.log.ErrorContext(ctx, "search is behind", "err", err)
	}
	clear(changes) // their words
	return more
}

func (x *Index) apply(ctx context.Context, changes []change) (err error) {
	// One that is older than the one before it has FTS4 begin a segment.
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.seq, b.seq) })
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, tx.Rollback())
		}
	}()
	in := x.changer.in(ctx, tx)
	for _, c := range changes {
		if err := in.apply(ctx, c); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// statements are prepared once: to read their text takes as long as to do what it says.
type statements struct{ addDoc, add, drop, dropDoc *sql.Stmt }

func prepare(ctx context.Context, db *sql.DB) (s statements, err error) {
	for text, to := range map[string]**sql.Stmt{
		"INSERT INTO docs (seq, id, words) VALUES ($1, $2, $3)": &s.addDoc,
		"INSERT INTO found (docid, words) VALUES ($1, $2)":      &s.add,
		"DELETE FROM found WHERE docid = $1":                    &s.drop,
		"DELETE FROM docs WHERE seq = $1":                       &s.dropDoc,
	} {
		if *to, err = db.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // they end with db
			return s, err
		}
	}
	return s, nil
}

func (s statements) in(ctx context.Context, tx *sql.Tx) statements {
	return statements{tx.StmtContext(ctx, s.addDoc), tx.StmtContext(ctx, s.add), tx.StmtContext(ctx, s.drop), tx.StmtContext(ctx, s.dropDoc)}
}

// apply makes one change.
func (s statements) apply(ctx context.Context, c change) error {
	if c.words == "" {
		// found reads the words that it forgets from docs, so it comes first.
		if _, err := s.drop.ExecContext(ctx, c.seq); err != nil {
			return err
		}
		_, err := s.dropDoc.ExecContext(ctx, c.seq)
		return err
	}
	if _, err := s.addDoc.ExecContext(ctx, c.seq, c.id[:], c.words); err != nil {
		return err
	}
	_, err := s.add.ExecContext(ctx, c.seq, c.words)
	return err
}

const (
	// askTime is how long one question may take; then it is answered with what was
	// found until then, as if there were no more.
	askTime = 150 * time.Millisecond
	// askOn is how many are looked at a time behind those that have ended.
	askOn = 1000
)

// Find names posts of a board that hold all that s asks for, newest first. Nothing
// that is typed is an error; what holds no word finds nothing.
func (x *Index) Find(ctx context.Context, s board.Search) (board.Found, error) {
	match, ok := matching(s)
	if !ok {
		return board.Found{}, nil
	}
	if s.Before == 0 {
		s.Before = math.MaxInt64
	}
	x.asking.Lock()
	defer x.asking.Unlock()
	ctx, cancel := context.WithTimeout(ctx, x.askTime)
	defer cancel()
	if x.behind() <= chunk { // otherwise Run is at it, and nobody waits for all of it
		x.settle(ctx)
	}
	among := x.among(s.Among)
	f := board.Found{Next: s.Before, More: true}
	for size := s.Limit; f.More && len(f.IDs) < s.Limit; size = askOn {
		named, err := x.ask(ctx, match, among, f.Next, size)
		if errors.Is(err, context.DeadlineExceeded) {
			f.More = false
			return f, nil
		}
		if err != nil {
			return board.Found{}, fmt.Errorf("search: %w", err)
		}
		f.More = len(named) == size
		x.takeLiving(&f, named, s.Limit)
	}
	return f, nil
}

// behind is how many changes wait.
func (x *Index) behind() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.waiting)
}

// takeLiving takes what was not dropped while the index was behind, up to a limit.
func (x *Index) takeLiving(f *board.Found, named []place, limit int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, n := range named {
		if len(f.IDs) == limit {
			f.More = true
			return
		}
		if _, is := x.alive[n.id]; is {
			f.IDs = append(f.IDs, n.id)
		}
		f.Next = n.seq
	}
}

// place is where a post stands in the index.
type place struct {
	id  board.PostID
	seq int64
}

// among is the condition that holds a question to some posts; "" for nil.
func (x *Index) among(ids []board.PostID) string {
	if ids == nil {
		return ""
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	seqs := make([]string, 0, len(ids))
	for _, id := range ids {
		if e, is := x.alive[id]; is {
			seqs = append(seqs, strconv.FormatInt(e.seq, 10))
		}
	}
	return "AND f.docid IN (" + strings.Join(seqs, ", ") + ")"
}

func (x *Index) ask(ctx context.Context, match, among string, before int64, limit int) (list []place, err error) {
	//nolint:gosec // among holds numbers alone
	q := `
		SELECT d.id, d.seq
		FROM found f
		JOIN docs d ON d.seq = f.docid
		WHERE f.words MATCH $1 AND f.docid < $2 ` + among + `
		ORDER BY f.docid DESC
		LIMIT $3`
	rows, err := x.db.QueryContext(ctx, q, match, before, limit)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id []byte
		var p place
		if err := rows.Scan(&id, &p.seq); err != nil {
			return nil, err
		}
		p.id = board.PostID(id)
		list = append(list, p)
	}
	return list, rows.Err()
}
