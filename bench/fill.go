package main

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the engine

	"mayfly/board"
	"mayfly/storage"
	"mayfly/storage/keys"
)

// filling is what a data folder is filled with, as fast as it can be: HTTP would take
// many minutes. The server opens every box afterwards, and logs one that it can't.
type filling struct {
	posts int
	size  int                          // bytes of words
	ttl   func(post int) time.Duration // what each is born with
}

const fillTTLMax = 7 * 24 * time.Hour

// mixed are lives of hours and days, none of which ends while it is measured.
func mixed(post int) time.Duration { return 2*time.Hour + time.Duration(post%140)*time.Hour }

// fill makes a server's folder on all processors, with nobody to disturb.
func (b *bench) fill(ctx context.Context, folder string, f filling) error {
	began := time.Now()
	if err := pin(serverCPU, loadCPU); err != nil {
		return err
	}
	if err := fill(ctx, filepath.Join(b.dir, folder), f); err != nil {
		return err
	}
	b.say("%d posts stored in %s", f.posts, time.Since(began).Round(100*time.Millisecond))
	return pin(loadCPU)
}

// fill makes the folder, whose tables the store itself makes.
func fill(ctx context.Context, dir string, f filling) (err error) {
	data := filepath.Join(dir, "data")
	folder, err := keys.OpenFolder(filepath.Join(dir, "keys"), data)
	if err != nil {
		return err
	}
	slots, err := folder.Slots(slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, slots.Close()) }()
	store, err := storage.OpenSQLite(ctx, data, slots, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	if err := store.Close(); err != nil { //nolint:contextcheck // it has made tables, no more
		return err
	}
	db, err := openFast(ctx, data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return f.into(ctx, db, slots)
}

// openFast opens the database without a journal: nobody would miss it.
func openFast(ctx context.Context, data string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(data, "mayfly.db")+"?_synchronous=OFF&_cache_size=-262144")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = MEMORY")
	return db, err
}

// sealed is a post that is ready to be stored.
type sealed struct {
	p   board.Post
	key board.Key
	box []byte
}

// into stores all of them in one transaction; boxes are sealed meanwhile.
func (f filling) into(ctx context.Context, db *sql.DB, slots *keys.Store) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ready := make(chan sealed, 1024)
	var failed error
	go func() {
		defer close(ready)
		failed = f.seal(ctx, ready)
	}()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // of what was committed does nothing
	in, err := newInserts(ctx, tx)
	if err != nil {
		return err
	}
	whole := context.WithoutCancel(ctx) // one that may end costs a goroutine a row
	for s := range ready {
		if err := in.put(whole, slots, s); err != nil {
			return err
		}
	}
	return errors.Join(failed, slots.Sync(), tx.Commit())
}

func (f filling) seal(ctx context.Context, ready chan<- sealed) error {
	now := time.Now()
	v := board.NewVisitor(now)
	for i := range f.posts {
		key, id := board.NewKey(), board.NewPostID()
		secret := key.Secret()
		voice := secret.Voice(v)
		p := board.Post{
			ID: id, Board: board.Home, Thread: id, Body: long(i, f.size), Name: voice.Draws, Life: board.NewLife(now, f.ttl(i), 0, fillTTLMax),
			Own: secret.Own(v, id), Voice: voice.Tag, Secret: secret,
		}
		box, err := seal(key, p)
		if err != nil {
			return err
		}
		select {
		case ready <- sealed{p, key, box}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// long are few words of many letters: the search reads them soon, and the rows are as
// long as people's.
func long(number, size int) string {
	var b strings.Builder
	b.WriteString(words(number, 0))
	for b.Len() < size {
		b.WriteByte(' ')
		for range min(80, size-b.Len()) {
			b.WriteByte("abdeghiklmnoprstuvz"[rand.IntN(19)]) //nolint:gosec // words
		}
	}
	return b.String()
}

// seal makes a box as storage does (storage/box.go).
func seal(key board.Key, p board.Post) ([]byte, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	name := p.Name.Bytes()
	return aead.Seal(nil, nil, append(name[:], p.Body...), append(p.ID[:], "text"...)), nil //nolint:gosec // the nonce is drawn by the AEAD
}

// inserts are the statements, made ready once.
type inserts struct{ post, voice *sql.Stmt }

func newInserts(ctx context.Context, tx *sql.Tx) (in inserts, err error) {
	const post = `
		INSERT INTO posts (id, board, since, until, ends_at, cap_at, grid, silence, heat, slot, gen, own, box)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $9, $10, $11, $12)`
	const voice = `
		INSERT INTO voices (thread, tag, name)
		VALUES ($1, $2, $3)`
	if in.post, err = tx.PrepareContext(ctx, post); err != nil {
		return in, err
	}
	in.voice, err = tx.PrepareContext(ctx, voice)
	return in, err
}

func (in inserts) put(ctx context.Context, slots *keys.Store, s sealed) error {
	ref, err := slots.Put(s.p.Life.CapAt, s.p.Life.EndsAt, s.key)
	if err != nil {
		return err
	}
	l, p := s.p.Life, s.p
	done, err := in.post.ExecContext(ctx, p.ID[:], p.Board, l.Since.UnixMilli(), l.Until.UnixMilli(), l.EndsAt.UnixMilli(), l.CapAt.UnixMilli(),
		l.Grid.Milliseconds(), p.Heat(), int64(ref.Slot), int64(ref.Gen), p.Own[:], s.box) //nolint:gosec // as storage keeps it
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	seq, err := done.LastInsertId()
	if err != nil {
		return err
	}
	name := p.Secret.NameTag(p.Name)
	_, err = in.voice.ExecContext(ctx, seq, p.Voice[:], name[:])
	return err
}
