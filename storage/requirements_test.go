package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mayfly/board"
	"mayfly/storage/storagetest"
)

// R1: plaintext of a post never reaches a disk, while it lives or after.
func TestR01PlaintextNeverReachesADisk(t *testing.T) {
	n := newNode(t)
	planted, markers := newMarker(), map[string]string{}
	plantedFile := filepath.Join(n.data(), "planted")
	if err := os.WriteFile(plantedFile, []byte("around "+planted+" it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := places(t, map[string]string{planted: "planted"}, n.dir); len(found) != 1 {
		t.Fatalf("control: the scanner finds %v in a file that holds a marker", found)
	}
	var mu sync.Mutex
	mark := func(what string) string {
		mu.Lock()
		defer mu.Unlock()
		m := newMarker()
		markers[m] = what
		return m
	}
	atOnce(t, 16, func(i int) error {
		for j := range 25 {
			text := strings.Repeat(mark("post")+" ", 1+j*i) // up to several pages of the database
			p, key := storagetest.NewPost(board.NewVisitor(n.now), text, n.life(time.Hour))
			if _, err := n.InsertPost(t.Context(), p, key); err != nil {
				return err
			}
			r, rkey, voice := storagetest.NewReply(p, board.NewVisitor(n.now), mark("reply"))
			if _, _, err := n.InsertReply(t.Context(), r, rkey, voice, n.now); err != nil {
				return err
			}
		}
		return nil
	})
	if found := places(t, markers, n.dir); len(found) > 0 {
		t.Errorf("while they live: %v", found)
	}
	n.now = n.now.Add(2 * time.Hour)
	n.sweep(t)
	if found := places(t, markers, n.dir); len(found) > 0 {
		t.Errorf("after they ended: %v", found)
	}
}

// R2, R8: what was seen to be gone stays gone, whatever a caller's clock says.
func TestR08ClockStepsReviveNothing(t *testing.T) {
	n := newNode(t)
	start := n.now
	p := n.post(t, "an hour", time.Hour)
	n.now = start.Add(-time.Hour)
	if !n.has(t, p.ID) {
		t.Error("an hour back: a living post is gone")
	}
	n.now = time.Unix(0, 0)
	if !n.has(t, p.ID) {
		t.Error("1970: a living post is gone")
	}
	n.now = p.Life.EndsAt
	if n.has(t, p.ID) {
		t.Error("at its end: it is there")
	}
	for _, step := range []time.Time{start, start.Add(-time.Hour), time.Unix(0, 0)} {
		n.now = step
		if n.has(t, p.ID) {
			t.Errorf("at %v: it came back", step)
		}
		_, err := n.Vote(t.Context(), storagetest.Ballot(p, board.NewVisitor(start), board.Heart), step)
		if !errors.Is(err, board.ErrNotFound) {
			t.Errorf("a heart at %v: %v, want not found", step, err)
		}
	}
	if ended := n.sweep(t); len(ended) != 1 {
		t.Errorf("ended = %v, want the post", ended)
	}
	n.now = start.Add(10 * 365 * 24 * time.Hour)
	n.sweep(t)
	n.stop(t)
	n.start(t)
	n.now = time.Unix(0, 0)
	if n.has(t, p.ID) {
		t.Error("1970 at the next start: it came back")
	}
}

// R3: a key is off the disk within 2 s of its post's end, under load.
func TestR03KeysAreOffTheDiskInTime(t *testing.T) {
	n := newNode(t)
	ending := bearMany(t, n, 2000, time.Minute)
	var load sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 8 {
		load.Go(func() {
			for ctx.Err() == nil {
				p, key := storagetest.NewPost(board.NewVisitor(storagetest.Start), "load", board.NewLife(storagetest.Start, time.Hour, 0, 24*time.Hour))
				if _, err := n.InsertPost(context.WithoutCancel(ctx), p, key); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	n.now = n.now.Add(time.Minute)
	began := time.Now()
	ended, err := n.destroy(t.Context(), n.now)
	took := time.Since(began)
	stop()
	load.Wait()
	if err != nil || len(ended) != len(ending) || took > 2*time.Second {
		t.Errorf("%d ended in %v, %v; want %d in 2 s", len(ended), took, err, len(ending))
	}
	if found := places(t, ending, n.dir); len(found) > 0 {
		t.Errorf("keys of ended posts: %v", found)
	}
}

// bearMany bears posts and gives their keys as needles.
func bearMany(t testing.TB, n *node, count int, ttl time.Duration) map[string]string {
	t.Helper()
	var mu sync.Mutex
	needles := map[string]string{}
	atOnce(t, 64, func(i int) error {
		for j := i; j < count; j += 64 {
			p, key := storagetest.NewPost(board.NewVisitor(n.now), fmt.Sprint("post ", j), n.life(ttl))
			if _, err := n.InsertPost(t.Context(), p, key); err != nil {
				return err
			}
			mu.Lock()
			needles[string(key[:])] = "key"
			mu.Unlock()
		}
		return nil
	})
	return needles
}

// R4: rows, indices and journal are rid of it within 5 s, though readers never pause.
func TestR04RowsAndJournalAreGoneInTime(t *testing.T) {
	n := newNode(t)
	bearMany(t, n, 2000, time.Minute)
	kept := n.post(t, "kept", time.Hour)
	n.now = n.now.Add(time.Minute)
	now := n.now
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range 2 { // never pausing, on the two cores of a small server
		load.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := n.Feed(context.WithoutCancel(ctx), board.Query{Board: board.Home, Sort: board.ByFading, Limit: 50}, now); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	began := time.Now()
	n.sweep(t)
	took, journal := time.Since(began), n.journalSize()
	stop()
	load.Wait()
	if took > 5*time.Second || journal != 0 {
		t.Errorf("swept in %v, journal of %d bytes; want 5 s, 0 bytes", took, journal)
	}
	for _, table := range []string{"posts", "voices", "posts INDEXED BY posts_fading", "posts INDEXED BY posts_new"} {
		if rows := n.count(t, "SELECT count(*) FROM "+table); rows != 1 {
			t.Errorf("%s: %d rows, want the one that lives", table, rows)
		}
	}
	if !n.has(t, kept.ID) {
		t.Error("the one that lives is gone")
	}
}

// smallDisk is a folder on a file system of its own that holds so much. Without leave to
// mount there is none, and the test is skipped.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skip("needs leave to mount: ", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// R7: on a full disk what has ended is destroyed all the same, new posts are
// refused, reading goes on, and all is well once there is room.
func TestR07FullDisk(t *testing.T) {
	t.Run("the database may not grow", func(t *testing.T) {
		n := newNode(t)
		fullDisk(t, n, func(full bool) {
			pages := "PRAGMA max_page_count=1000000"
			if full {
				pages = "PRAGMA max_page_count=1" // as many as there are
			}
			if _, err := n.writer.ExecContext(t.Context(), pages); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("the file system is full", func(t *testing.T) {
		dir := smallDisk(t, "4m")
		n := nodeIn(t, dir)
		filler := filepath.Join(dir, "filler")
		fullDisk(t, n, func(full bool) {
			if !full {
				if err := os.Remove(filler); err != nil {
					t.Fatal(err)
				}
				return
			}
			if err := os.WriteFile(filler, make([]byte, 8<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
				t.Fatalf("control: %v, want a full disk", err)
			}
		})
	})
}

// TestABoardOnAFullDiskSaysWhatWouldDo and opens with all that was there once there is
// room.
func TestABoardOnAFullDiskSaysWhatWouldDo(t *testing.T) {
	dir := smallDisk(t, "4m")
	n := nodeIn(t, dir)
	kept := n.post(t, "kept", time.Hour)
	n.stop(t)
	filler := filepath.Join(dir, "filler")
	if err := os.WriteFile(filler, make([]byte, 8<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("control: %v, want a full disk", err)
	}
	if _, err := OpenSQLite(t.Context(), n.data(), newSlots(t), quiet); err == nil || !strings.Contains(err.Error(), "nothing in it is lost: free some room and start again") {
		t.Errorf("on a full disk: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	n.start(t)
	if p, err := n.Post(t.Context(), kept.ID, n.now); err != nil || p.Body != "kept" {
		t.Errorf("with room again: %q, %v", p.Body, err)
	}
}

func fullDisk(t *testing.T, n *node, fill func(full bool)) {
	t.Helper()
	ending := bearMany(t, n, 300, time.Minute)
	kept := n.post(t, "kept", time.Hour)
	byHand, handKey := n.postWithKey(t, "ended by hand", time.Hour)
	fill(true)
	var refused error
	for range 500 { // what room there is in open pages and in the journal goes first
		p, key := storagetest.NewPost(board.NewVisitor(n.now), strings.Repeat("more ", 500), n.life(time.Minute))
		if _, refused = n.InsertPost(t.Context(), p, key); refused != nil {
			break
		}
		ending[string(key[:])] = "key"
	}
	if err := isRefusal(refused, board.Full); err != nil {
		t.Fatal(err)
	}
	if ended, err := n.End(t.Context(), []board.PostID{byHand.ID}, board.ByAuthor, n.now); err != nil || len(ended) != 1 || keyOnDisk(t, n, handKey) {
		t.Errorf("End = %v, %v; key on disk %v", ended, err, keyOnDisk(t, n, handKey))
	}
	n.now = n.now.Add(time.Minute)
	ended, err := n.destroy(t.Context(), n.now)
	if err != nil || len(ended) != len(ending) {
		t.Errorf("Destroy = %d, %v; want all %d", len(ended), err, len(ending))
	}
	if found := places(t, ending, n.folder()); len(found) > 0 {
		t.Errorf("keys of ended posts: %v", found)
	}
	_, _ = n.Bury(t.Context(), n.now) // may fail, and must be no worse for it
	if ended, err := n.destroy(t.Context(), n.now); err != nil || len(ended) != 0 {
		t.Errorf("a second Destroy = %v, %v", ended, err)
	}
	if posts, _, err := n.Feed(t.Context(), board.Query{Board: board.Home, Limit: 50}, n.now); err != nil || len(posts) != 1 || posts[0].ID != kept.ID {
		t.Errorf("feed on a full disk: %d posts, %v; want the one that lives", len(posts), err)
	}
	fill(false)
	n.sweep(t)
	if rows := n.count(t, "SELECT count(*) FROM posts"); rows != 1 || n.journalSize() != 0 {
		t.Errorf("with room again: %d rows, journal of %d bytes", rows, n.journalSize())
	}
	n.post(t, "welcome back", time.Hour)
}

// R9: to end by hand is as final as to expire, at the very moment it is answered.
func TestR09EndingByHandIsFinal(t *testing.T) {
	n := newNode(t)
	p, key := n.postWithKey(t, newMarker(), time.Hour)
	r, rkey := n.replyWithKey(t, p, "with it")
	thread, _ := n.postWithKey(t, "stays", time.Hour)
	alone, alonekey := n.replyWithKey(t, thread, "goes alone")
	if !keyOnDisk(t, n, key) || !keyOnDisk(t, n, rkey) || !keyOnDisk(t, n, alonekey) {
		t.Fatal("control: keys of the living are not on the disk")
	}
	if ended, err := n.End(t.Context(), []board.PostID{p.ID, alone.ID}, board.ByAuthor, n.now); err != nil || len(ended) != 2 {
		t.Fatalf("End = %v, %v", ended, err)
	}
	again := n.crashed(t) // before any sweep
	for _, k := range []board.Key{key, rkey, alonekey} {
		if keyOnDisk(t, n, k) {
			t.Error("the key of what was ended is on the disk")
		}
	}
	for _, node := range []*node{n, again} {
		for _, gone := range []board.PostID{p.ID, r.ID, alone.ID} {
			if node.has(t, gone) {
				t.Error("it came back")
			}
		}
		if !node.has(t, thread.ID) {
			t.Error("another thread is gone")
		}
		node.sweep(t)
		if posts, replies := node.count(t, "SELECT count(*) FROM posts"), node.count(t, "SELECT count(*) FROM replies"); posts != 1 || replies != 0 {
			t.Errorf("after the sweep: %d posts, %d replies; want the thread alone", posts, replies)
		}
		if root, _, err := node.Thread(t.Context(), thread.ID, n.now); err != nil || root.Replies != 0 {
			t.Errorf("thread: %d replies, %v", root.Replies, err)
		}
	}
}

// R11: SQLite makes no temporary file, named or not.
func TestR11NoTemporaryFiles(t *testing.T) {
	n := newNode(t)
	bearMany(t, n, 600, time.Hour)
	const sort = "SELECT a.box FROM posts a, posts b ORDER BY a.box || b.box LIMIT 20000"
	sorting := func(db *sql.DB) []string {
		t.Helper()
		rows, err := db.QueryContext(t.Context(), sort)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		return unnamedFiles(t)
	}
	onFile, err := sql.Open("sqlite3", "file:"+n.path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer onFile.Close()
	onFile.SetMaxOpenConns(1)
	if _, err := onFile.ExecContext(t.Context(), "PRAGMA temp_store=FILE"); err != nil {
		t.Fatal(err)
	}
	if files := sorting(onFile); len(files) == 0 {
		t.Fatal("control: a large sort with temp_store=FILE was not seen to make a file")
	}
	if err := onFile.Close(); err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string]*sql.DB{"reader": n.readers, "writer": n.writer} {
		if files := sorting(db); len(files) > 0 {
			t.Errorf("%s: %v", name, files)
		}
	}
	n.now = n.now.Add(2 * time.Hour)
	n.sweep(t)
	entries, err := os.ReadDir(n.data())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{"mayfly.db", "mayfly.db-wal", "mayfly.db-shm"}, e.Name()) {
			t.Errorf("a file called %s", e.Name())
		}
		if info, err := e.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", e.Name(), info.Mode(), err)
		}
	}
}

// unnamedFiles are those this process has open though no folder names them.
func unnamedFiles(t *testing.T) []string {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("needs /proc: ", err)
	}
	var unnamed []string
	for _, fd := range fds {
		name, err := os.Readlink("/proc/self/fd/" + fd.Name())
		if err == nil && strings.HasSuffix(name, " (deleted)") {
			unnamed = append(unnamed, name)
		}
	}
	return unnamed
}

// R17: pragmas are set on every connection, and a database that does not keep
// them is refused.
func TestR17PragmasAreReadBackOrRefused(t *testing.T) {
	n := newNode(t)
	for _, pool := range []struct {
		name, sync, cache string
		db                *sql.DB
	}{
		{"writer", syncFull, cacheUsual, n.writer},
		{"readers", syncFull, cacheUsual, n.readers},
		{"digger", syncNormal, cacheLarge, n.digger},
		{"aside", syncFull, cacheUsual, n.aside},
	} {
		name, db := pool.name, pool.db
		conns := db.Stats().MaxOpenConnections
		for i := range conns {
			conn, err := db.Conn(t.Context()) // all at once, so that each is another one
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			for _, p := range slices.Concat(filePragmas, connPragmas, []pragma{{"synchronous", pool.sync}, {"cache_size", pool.cache}}) {
				var got string
				if err := conn.QueryRowContext(t.Context(), "PRAGMA "+p.name).Scan(&got); err != nil || got != p.value {
					t.Errorf("%s %d: %s = %s, %v; want %s", name, i, p.name, got, err, p.value)
				}
			}
			_, err = conn.ExecContext(t.Context(), "DELETE FROM votes")
			if readOnly := err != nil; readOnly != (name == "readers") {
				t.Errorf("%s %d: a write gives %v", name, i, err)
			}
		}
	}

	old := filepath.Join(t.TempDir(), "data")
	if err := os.Mkdir(old, 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(old, "mayfly.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE key_file (x)"); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSQLite(t.Context(), old, n.keys, quiet); err == nil || !strings.Contains(err.Error(), "auto_vacuum") {
		t.Errorf("a database without auto_vacuum: %v, want a refusal that names it", err)
	}
}

// Churn: posts of random lives come and go for a while, as in SECURITY-REQUIREMENTS
// 1.3. At each look nothing of any text, and no key of what has ended, is anywhere;
// and what is shown is exactly what lives.
func TestChurnLeavesNothingBehind(t *testing.T) {
	n := newNode(t)
	const ticks, births, look = 60, 40, 10
	random := rand.New(rand.NewPCG(1, 2))
	type being struct {
		post board.Post
		key  string
	}
	living := map[board.PostID]being{}
	texts, endedKeys := map[string]string{}, map[string]string{}
	livingKeys := func() map[string]string {
		keys := map[string]string{}
		for _, b := range living {
			keys[b.key] = "key of a living post"
		}
		return keys
	}
	bury := func(id board.PostID) {
		endedKeys[living[id].key] = "key of an ended post"
		delete(living, id)
	}
	for tick := range ticks {
		fresh := make([]being, births)
		for i := range fresh {
			life := time.Duration(1+random.IntN(30)) * time.Second
			if i%4 == 0 {
				life = time.Duration(1+random.IntN(150)) * time.Second
			}
			m := newMarker()
			texts[m] = "text"
			p, key := storagetest.NewPost(board.NewVisitor(n.now), strings.Repeat(m+" ", 1+random.IntN(40)), n.life(life))
			if i%8 == 0 {
				p.Picture = storagetest.NewPicture(1000+random.IntN(60_000), 1000)
				texts[string(p.Picture.Full.Bytes)], texts[string(p.Picture.Thumb.Bytes)] = "picture", "small picture"
			}
			fresh[i] = being{p, string(key[:])}
		}
		atOnce(t, births, func(i int) error {
			b := fresh[i]
			if _, err := n.InsertPost(t.Context(), b.post, board.Key([]byte(b.key))); err != nil {
				return err
			}
			if i%3 > 0 {
				return nil
			}
			r, key, voice := storagetest.NewReply(b.post, board.NewVisitor(n.now), strings.Repeat(b.post.Body[:21], 3))
			_, _, err := n.InsertReply(t.Context(), r, key, voice, n.now)
			return err
		})
		for _, b := range fresh {
			living[b.post.ID] = b
		}
		for i, id := range slices.Collect(maps.Keys(living)) {
			switch {
			case i < 4: // by hand
				if ended, err := n.End(t.Context(), []board.PostID{id}, board.ByScore, n.now); err != nil || len(ended) != 1 {
					t.Fatalf("End = %v, %v", ended, err)
				}
				bury(id)
			case i < 8: // lives longer, or shorter
				b := living[id]
				ballot := storagetest.Ballot(b.post, board.NewVisitor(n.now), board.Vote(1-2*(i%2)))
				ballot.Heart, ballot.Down = 20*time.Second, 20*time.Second
				voted, err := n.Vote(t.Context(), ballot, n.now)
				if err != nil {
					t.Fatal(err)
				}
				b.post = voted
				living[id] = b
			}
		}
		n.now = n.now.Add(time.Second)
		ended := n.sweep(t)
		for _, e := range ended {
			bury(e.ID)
		}
		for id, b := range living {
			if b.post.Life.Ended(n.now) {
				t.Fatalf("tick %d: an ended post was not told of", tick)
			}
			if tick%look == look-1 && !n.has(t, id) {
				t.Fatalf("tick %d: a living post is gone", tick)
			}
		}
		if rows := n.count(t, "SELECT count(*) FROM posts"); rows != len(living) || n.journalSize() != 0 {
			t.Fatalf("tick %d: %d rows, %d living; journal of %d bytes", tick, rows, len(living), n.journalSize())
		}
		if tick%look != look-1 {
			continue
		}
		if found := places(t, texts, n.dir); len(found) > 0 {
			t.Fatalf("tick %d: %v", tick, found)
		}
		if found := places(t, endedKeys, n.dir); len(found) > 0 {
			t.Fatalf("tick %d: %v", tick, found)
		}
		if found := places(t, livingKeys(), n.data()); len(found) > 0 {
			t.Fatalf("tick %d: in the data folder: %v", tick, found)
		}
	}
	if found := places(t, livingKeys(), n.folder()); len(found) == 0 {
		t.Error("control: the scanner does not find the keys of the living")
	}
	if len(endedKeys) < ticks*births/2 {
		t.Errorf("only %d posts ended", len(endedKeys))
	}
}
