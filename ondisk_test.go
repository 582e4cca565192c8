package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mayfly/storage"
	"mayfly/words"
)

// explained runs doctor --privacy in both languages, and fails where it does not know.
func explained(t *testing.T, args ...string) string {
	t.Helper()
	var english string
	for _, lang := range []string{"it", "en"} {
		t.Setenv("LC_ALL", lang)
		english = command(t, append([]string{"doctor", "--privacy"}, args...)...)
		p := words.In(lang)
		for _, key := range []string{"ondisk.file.unknown", "ondisk.table_unknown", "ondisk.column_unknown"} {
			if strings.Contains(english, p.Say(key)) {
				t.Errorf("%s: it says of something: %s\n%s", lang, p.Say(key), english)
			}
		}
		if key := regexp.MustCompile(`\b(ondisk|privacy)\.[a-z_.]+`).FindString(english); key != "" {
			t.Errorf("%s: no words for %s", lang, key)
		}
	}
	return english
}

// TestDoctorExplainsAllThatIsOnTheDisk compares it with the folders and the tables that
// a server in use, a backup, a restore and a move have made.
func TestDoctorExplainsAllThatIsOnTheDisk(t *testing.T) {
	s := owned(t)
	if res := s.post(t, "/b/home/posts", url.Values{"body": {"nobody finds these words"}}); res.StatusCode != http.StatusSeeOther {
		t.Fatal(res.Status)
	}
	said := explained(t, "--data", s.data)
	for _, dir := range []string{s.data, s.data + ".keys"} {
		entries, err := os.ReadDir(dir)
		if err != nil || len(entries) < 2 {
			t.Fatalf("%s: %d entries, %v", dir, len(entries), err)
		}
		for _, e := range entries {
			if !strings.Contains(said, "\n  "+e.Name()+"  ") {
				t.Errorf("it does not name %s", e.Name())
			}
		}
	}
	tables, err := storage.Schema(t.Context(), s.data)
	if err != nil || len(tables) < 20 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	for _, table := range tables {
		_, after, ok := strings.Cut(said, "\n  "+table.Name+": ")
		for _, column := range table.Columns {
			if !ok || !strings.Contains(after, "\n      "+column+" ") {
				t.Errorf("it does not name %s.%s", table.Name, column)
			}
		}
	}
	if regexp.MustCompile(`nobody finds|\bada\b`).MatchString(said) {
		t.Error("it prints what is in the tables")
	}
	s.stop()
	moved := filepath.Join(t.TempDir(), "there")
	command(t, "move", moved, "--data", s.data)
	if said := explained(t, "--data", s.data); !strings.Contains(said, "\n  moving  ") {
		t.Errorf("where it was: %s", said)
	}
	if said := explained(t, "--data", moved); !strings.Contains(said, "\n  arrived  ") {
		t.Errorf("where it is: %s", said)
	}
}

func TestDoctorNamesWhatItDoesNotKnow(t *testing.T) {
	s := start(t, "--addr", "127.0.0.1:0")
	s.stop()
	notes, key := filepath.Join(s.data, "notes.txt"), filepath.Join(s.data+".keys", "posts.keys.bak")
	for _, path := range []string{notes, key} {
		if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	said := command(t, "doctor", "--privacy", "--data", s.data)
	unknown := words.In("en").Say("ondisk.file.unknown")
	for _, name := range []string{"notes.txt", "posts.keys.bak"} {
		if !strings.Contains(said, "  "+name+"  1 B\n    "+unknown) {
			t.Errorf("of %s it does not say that nobody knows it:\n%s", name, said)
		}
	}
	o := &onDisk{say: words.In("en")}
	if got := o.columnWords("posts", "author"); got != "ondisk.column_unknown" {
		t.Errorf("a column that nobody has written of: %s", got)
	}
	if got := o.columnWords("people", "id"); got != "ondisk.column_unknown" {
		t.Errorf("a column of a table that nobody has written of: %s", got)
	}
}

func TestOfNoFolderDoctorSaysThatThereIsNothing(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	said := command(t, "doctor", "--privacy", "--data", data, "--onion-addr", "unix:"+data+".sock")
	if strings.Count(said, "There is nothing.") != 2 || !strings.Contains(said, data+".sock") {
		t.Errorf("it says %s", said)
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it has made the folder")
	}
}

// writing are the files of the program that make a file, and what it is to doctor
// --privacy.
var writing = map[string]string{
	"backup.go":              "the backup: ondisk.backup",
	"seal.go":                "a picture of a copy for the law: ondisk.sealed",
	"certs/acme.go":          "tls/, by certmagic",
	"storage/sqlite.go":      "mayfly.db",
	"storage/restore.go":     "restoring/",
	"storage/receive.go":     "arriving/",
	"storage/move.go":        "moving, leaving.db, arrived",
	"storage/keys/file.go":   "posts.keys, board.clock",
	"storage/keys/folder.go": "visitor.key, doors.key",
}

var makes = regexp.MustCompile(`^(os\.(OpenFile|Create|CreateTemp|WriteFile|Mkdir|MkdirAll|MkdirTemp|Rename|Link|Symlink)|certmagic\.FileStorage|unix\.(Open|Mknod))$`)

// TestOnlyKnownFilesAreWritten reads the whole program: who may make a file stands
// above. Nothing else may.
func TestOnlyKnownFilesAreWritten(t *testing.T) {
	found := map[string]bool{}
	eachUse(t, makes, func(path, use string) {
		if !found[path] && writing[path] == "" {
			t.Errorf("%s has %s: say in writing what it makes, and in ondisk.go", path, use)
		}
		found[path] = true
	})
	for path := range writing {
		if !found[path] {
			t.Errorf("%s writes nothing", path)
		}
	}
}
