package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mayfly/board"
	"mayfly/storage/keys"
	"mayfly/storage/storagetest"
)

// TestEveryColumnIsCarriedByABackupOrLeftOut reads the tables as they are: whoever adds
// one decides.
func TestEveryColumnIsCarriedByABackupOrLeftOut(t *testing.T) {
	n := newNode(t)
	tables, err := all(t.Context(), n.readers, func(scan scanner) (name string, err error) { return name, scan(&name) },
		"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
	if err != nil || len(tables) < 15 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		columns, err := columnsOf(t.Context(), n.readers, table)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range columns {
			i := slices.IndexFunc(carried, func(p portion) bool { return p.table == table })
			in := i >= 0 && slices.Contains(carried[i].columns, c)
			out := leftOut[table] != "" || leftOut[table+"."+c] != ""
			if in == out {
				t.Errorf("%s.%s: carried by a backup %v, left out %v; put it into one list of backup.go", table, c, in, out)
			}
		}
	}
}

func backup(t *testing.T, data string) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := WriteBackup(t.Context(), data, BackupInfo{Program: "a test", Made: storagetest.Start}, &out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// decided stores what a host decides, one of each kind.
func (n *node) decided(t *testing.T) {
	t.Helper()
	seed := board.Seed{1, 2, 3}
	pass := board.Pass{Hash: sha256.Sum256([]byte("link")), Kind: board.PassSetup}
	for _, err := range []error{
		n.SaveSettings(t.Context(), []board.Change{{Name: "k", Old: "5", New: "9", By: "cli", At: n.now}, {Board: board.Home, Name: "post_chars", New: "80", By: "cli", At: n.now}}),
		n.InsertBoard(t.Context(), board.Info{Slug: "attic", Title: "The attic", Rules: "be kind", ClosesAt: n.now.Add(48 * time.Hour).Truncate(time.Minute)}),
		n.InsertQuestion(t.Context(), board.Question{Board: "attic", Kind: board.Asking, Body: "what next?", TTL: time.Hour}),
		n.InsertPass(t.Context(), pass, n.now),
		n.TakeLink(t.Context(), pass.Hash, board.Admin{Name: "ada", Owner: true, Hash: "argon2id$x", Seed: &seed, Step: 7}, n.now),
		n.InsertPass(t.Context(), board.Pass{Hash: sha256.Sum256([]byte("in")), Kind: board.PassSession, Admin: "ada", EndsAt: n.now.Add(time.Hour)}, n.now),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const filter = "INSERT INTO filters (board, text, pattern, action) VALUES ('', 'spam', 0, 'block')"
	if _, err := n.writer.ExecContext(t.Context(), filter); err != nil {
		t.Fatal(err)
	}
}

// dump is what a backup carries of a database, but for the log.
func dump(t *testing.T, n *node) string {
	t.Helper()
	lines, err := readPortions(t.Context(), n.readers)
	if err != nil {
		t.Fatal(err)
	}
	lines = slices.DeleteFunc(lines, func(l line) bool { return l.Table == "audit" })
	return strings.ReplaceAll(fmt.Sprint(lines), "} {", "}\n{")
}

func restoreInto(t *testing.T, dir string, raw []byte, force bool, now time.Time) error {
	t.Helper()
	b, err := ReadBackup(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	folder, err := keys.OpenFolder(filepath.Join(dir, "data.keys"), filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	return b.Restore(t.Context(), filepath.Join(dir, "data"), folder, force, now, quiet)
}

func TestWhatAHostDecidedComesBack(t *testing.T) {
	n := newNode(t)
	n.decided(t)
	n.post(t, "stays behind", time.Hour)
	raw := backup(t, n.data()) // beside a server
	dir := t.TempDir()
	if err := restoreInto(t, dir, raw, false, n.now); err != nil {
		t.Fatal(err)
	}
	again := nodeIn(t, dir)
	if was, is := dump(t, n), dump(t, again); was != is || !strings.Contains(is, "argon2id$x") {
		t.Errorf("was\n%s\nis\n%s", was, is)
	}
	again.sound(t, 0)
	if n := again.count(t, "SELECT count(*) FROM passes"); n > 0 {
		t.Errorf("%d sessions and links came along", n)
	}
	log, err := again.Entries(t.Context(), 0, 9)
	if err != nil || len(log) != 3 || log[0].Action != board.ActRestore || log[2].Subject != "k" {
		t.Errorf("log = %+v, %v", log, err)
	}
	again.post(t, "a new beginning", time.Hour)
	again.sound(t, 1)
	if left, err := fs.Glob(os.DirFS(again.data()), building+"*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// A backup holds nothing of what people wrote: no word, tag, name or report, and no id,
// key, tag or box either, in whatever way bytes may be written down.
func TestABackupHoldsNothingOfWhatPeopleWrote(t *testing.T) {
	n := newNode(t)
	n.decided(t)
	tag := newMarker()
	p, key := n.postWithKey(t, newMarker()+" #"+tag+" and more", time.Hour)
	r, replyKey := n.replyWithKey(t, p, newMarker())
	ended, endedKey := n.postWithKey(t, newMarker(), time.Hour)
	if _, err := n.End(t.Context(), []board.PostID{ended.ID}, board.ByScore, n.now); err != nil {
		t.Fatal(err)
	}
	who := board.NewVisitor(n.now)
	ballot := storagetest.Ballot(p, who, board.Heart)
	if _, err := n.Vote(t.Context(), ballot, n.now); err != nil {
		t.Fatal(err)
	}
	report := board.Report{Post: p.ID, Tag: ballot.Tag, Complaint: board.Complaint{Reason: "harassment"}, Enough: 3}
	if _, _, err := n.Report(t.Context(), report, n.now); err != nil {
		t.Fatal(err)
	}
	raw := backup(t, n.data())
	if !bytes.Contains(raw, []byte("what next?")) || !bytes.Contains(raw, []byte("argon2id$x")) {
		t.Fatal("control: what the host said is not there")
	}
	name := p.Name.Bytes()
	for what, needle := range map[string][]byte{
		"body": []byte(p.Body[:20]), "tag": []byte(tag), "reply": []byte(r.Body), "what ended": []byte(ended.Body), "name": name[:],
		"id": p.ID[:], "reply's id": r.ID[:], "ended id": ended.ID[:], "key": key[:], "reply's key": replyKey[:], "ended key": endedKey[:],
		"vote": ballot.Tag[:], "owner": p.Own[:], "reason": []byte("harassment"), "id as people see it": []byte(p.ID.String()),
	} {
		for form, text := range map[string]string{
			"as it is": string(needle), "hex": hex.EncodeToString(needle), "base64": base64.RawStdEncoding.EncodeToString(needle)[:len(needle)],
		} {
			if bytes.Contains(bytes.ToLower(raw), bytes.ToLower([]byte(text))) {
				t.Errorf("the backup holds the %s, %s", what, form)
			}
		}
	}
	for _, table := range []string{"posts", "replies", "votes", "voices", "reports", "traces", "passes", "key_file"} {
		if n.count(t, "SELECT count(*) FROM "+table) == 0 {
			t.Errorf("control: %s is empty", table)
		}
		if bytes.Contains(raw, []byte(`"table":"`+table)) {
			t.Errorf("the backup holds rows of %s", table)
		}
	}
}

func TestABackupThatIsNotWholeIsRefusedAndNothingChanges(t *testing.T) {
	n := newNode(t)
	n.decided(t)
	whole := backup(t, n.data())
	n.stop(t)
	defer n.start(t)
	before := treeSum(t, n.dir)
	refused := func(what string, raw []byte, want string) {
		t.Helper()
		err := restoreInto(t, n.dir, raw, true, n.now)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%s: %v, want a sentence with %q", what, err, want)
		}
	}
	for cut := len("mayfly backup 1\n"); cut < len(whole); cut += 7 {
		refused(fmt.Sprintf("cut at %d", cut), whole[:cut], "damaged")
	}
	for at := len("mayfly backup 1\n"); at < len(whole); at += 11 {
		raw := slices.Clone(whole)
		raw[at] ^= 4
		refused(fmt.Sprintf("changed at %d", at), raw, "damaged")
	}
	refused("more after it", append(slices.Clone(whole), "\n"...), "damaged")
	refused("nothing", nil, "no backup")
	refused("a picture", []byte("\x89PNG\r\n\x1a\n"), "no backup")
	refused("another form", bytes.Replace(whole, []byte("backup 1"), []byte("backup 2"), 1), "a newer one")
	refused("newer tables", resum(whole, `"tables":`, `"tables":9`), "newer Mayfly")
	refused("another table", resum(whole, `{"table":"settings"`, `{"table":"posts"`), "damaged")
	refused("another column", resum(whole, `"title"`, `"titel"`), "damaged")
	refused("a setting out of bounds", resum(whole, `"value":"80"`, `"value":"eighty"`), "damaged")
	refused("a row twice", resum(whole, `"board":"home","name":"post_chars"`, `"board":"","name":"k"`), "damaged")
	if after := treeSum(t, n.dir); after != before {
		t.Error("something in the folders has changed")
	}
}

// resum changes a backup and gives it the sum that fits.
func resum(raw []byte, old, with string) []byte {
	body := bytes.Replace(raw[:bytes.LastIndex(raw, []byte(sumLine))], []byte(old), []byte(with), 1)
	return fmt.Appendf(body, "%s%x\n", sumLine, sha256.Sum256(body))
}

// treeSum sums up every file, but what a reader of the database leaves behind.
func treeSum(t *testing.T, dir string) string {
	t.Helper()
	sum := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.HasSuffix(path, "-wal") && len(raw) == 0 {
			return err
		}
		fmt.Fprintf(sum, "%s %d %x\n", path, len(raw), sha256.Sum256(raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func TestRestoreIsRefusedWhereSomebodyServes(t *testing.T) {
	n := newNode(t)
	p := n.post(t, "lives here", time.Hour)
	raw := backup(t, n.data())
	err := restoreInto(t, n.dir, raw, true, n.now)
	if err == nil || !strings.Contains(err.Error(), "another mayfly is using") || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("err = %v", err)
	}
	if !n.has(t, p.ID) {
		t.Error("it ended a post")
	}
}

func TestRestoreEndsWhatLivesOnlyWhenThatIsMeant(t *testing.T) {
	n := newNode(t)
	n.decided(t)
	raw := backup(t, n.data())
	p, key := n.postWithKey(t, "lives here", time.Hour)
	n.post(t, "so does this", time.Hour)
	n.post(t, "ends before", time.Minute)
	n.now = n.now.Add(2 * time.Minute)
	n.stop(t)
	before := treeSum(t, n.dir)
	err := restoreInto(t, n.dir, raw, false, n.now)
	if alive, ok := errors.AsType[*LivingError](err); !ok || alive.Posts != 2 || !strings.Contains(err.Error(), "--force") {
		t.Errorf("err = %v, want two that live", err)
	}
	if treeSum(t, n.dir) != before {
		t.Error("a refusal changed something")
	}
	if err := restoreInto(t, n.dir, raw, true, n.now); err != nil {
		t.Fatal(err)
	}
	if keyOnDisk(t, n, key) {
		t.Error("the key of a post that was to end is on the disk")
	}
	n.start(t)
	if n.has(t, p.ID) {
		t.Error("the post is there")
	}
	n.sound(t, 0)
	n.post(t, "a new beginning", time.Hour)
}

// Where all has ended there is nothing to lose, and a restore that was cut short is no
// hindrance.
func TestRestoreTakesThePlaceOfADatabaseWithoutLife(t *testing.T) {
	n := newNode(t)
	n.decided(t)
	raw := backup(t, n.data())
	n.post(t, "ends", time.Minute)
	n.now = n.now.Add(2 * time.Minute)
	n.stop(t)
	if err := os.MkdirAll(filepath.Join(n.data(), building, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := restoreInto(t, n.dir, raw, false, n.now); err != nil {
		t.Fatal(err)
	}
	n.start(t)
	n.sound(t, 0)
	if _, err := os.Stat(filepath.Join(n.data(), building)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what was cut short is left")
	}
}

// A restore that is cut short at any step leaves the old database or the new one whole.
func TestARestoreThatIsCutShortLeavesOneOrTheOther(t *testing.T) {
	n := newNode(t)
	n.decided(t)
	raw := backup(t, n.data())
	if err := n.SaveSettings(t.Context(), []board.Change{{Name: "k", New: "11", By: "cli", At: n.now}}); err != nil {
		t.Fatal(err)
	}
	n.stop(t)
	b, err := ReadBackup(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.build(t.Context(), filepath.Join(n.data(), building), n.now, quiet); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(context.Context, string) error{
		func(context.Context, string) error { return nil },
		settleJournal,
	} {
		if err := step(t.Context(), n.path); err != nil {
			t.Fatal(err)
		}
		again := n.crashed(t)
		if got := again.count(t, "SELECT value FROM settings WHERE board = '' AND name = 'k'"); got != 11 {
			t.Errorf("k = %d, want what was there", got)
		}
	}
	n.start(t)
}

func TestABackupNeedsABoard(t *testing.T) {
	err := WriteBackup(t.Context(), t.TempDir(), BackupInfo{}, new(bytes.Buffer))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("err = %v", err)
	}
}

// FuzzReadBackup: whatever a file holds, it is read or refused in a sentence.
func FuzzReadBackup(f *testing.F) {
	body := []byte("mayfly backup 1\n{\"tables\":1}\n{\"table\":\"boards\",\"row\":{\"slug\":\"home\",\"place\":1,\"title\":null}}\n")
	f.Add(fmt.Appendf(body, "%s%x\n", sumLine, sha256.Sum256(body)))
	f.Add([]byte("mayfly backup 1\n"))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		b, err := ReadBackup(bytes.NewReader(raw))
		if err != nil && strings.Contains(err.Error(), "\n") || err == nil && b == nil {
			t.Errorf("%v", err)
		}
	})
}
