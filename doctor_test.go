package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"mayfly/static"
	"mayfly/words"
)

func TestDoctorFindsARunningServerWellAndTouchesNoKey(t *testing.T) {
	site := start(t, "--addr", "127.0.0.1:0")
	before := tree(t, site.data+".keys")
	out := command(t, "doctor", "--data", site.data, "--base-url", site.url)
	for _, want := range []string{
		"The database is set up so that what has ended is gone.",
		"No other account of this machine reads the keys folder.",
		"Live pages get through to " + site.url + ".",
		"The clock agrees",
		"No crash writes memory to a disk.",
		"Nobody has said whether your provider takes snapshots",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("doctor does not say %q:\n%s", want, out)
		}
	}
	if after := tree(t, site.data+".keys"); after != before {
		t.Errorf("keys before: %s\nafter: %s", before, after)
	}
	site.stop()
	command(t, "settings", "set", "snapshots=no", "--data", site.data)
	out = command(t, "doctor", "--data", site.data)
	if !strings.Contains(out, "The database is set up") || !strings.Contains(out, "Nobody takes snapshots") {
		t.Errorf("without a server: %s", out)
	}
}

// tree lists files by name and size: what they hold is saved each minute.
func tree(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e.Name()+" "+info.Mode().String())
	}
	return strings.Join(list, "\n")
}

func TestDoctorExitsWith1WhenSomethingDoesNotWork(t *testing.T) {
	dir := t.TempDir()
	data, keys := filepath.Join(dir, "data"), filepath.Join(dir, "keys")
	for path, mode := range map[string]os.FileMode{data: 0o700, keys: 0o755} {
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LC_ALL", "it_IT.UTF-8")
	var out bytes.Buffer
	err := run(t.Context(), []string{"doctor", "--data", data, "--keys", keys}, &out)
	if !errors.Is(err, errUnwell) || exitCode(err) != 1 {
		t.Errorf("err = %v", err)
	}
	if want := "problema     Altri account di questa macchina possono leggere " + keys; !strings.Contains(out.String(), want) {
		t.Errorf("in Italian: %s", out.String())
	}
}

func TestDoctorPrintsTheHashOfEveryScript(t *testing.T) {
	t.Chdir(t.TempDir())
	out := command(t, "doctor")
	for _, s := range static.Scripts() {
		if !strings.Contains(out, s.SHA256+"  "+s.URL+"\n") {
			t.Errorf("no line for %s", s.URL)
		}
	}
}

// codesOf finds what may be found, in the source: a sentence for each, and what to do.
var codesOf = regexp.MustCompile(`(good|note|warn|bad|room)\("(doctor\.[a-z_]+)"`)

func TestEveryFindingSaysWhatIsAndWhatToDo(t *testing.T) {
	paths, err := filepath.Glob("doctor/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range paths {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range codesOf.FindAllStringSubmatch(string(source), -1) {
			seen++
			keys := []string{m[2], m[2] + "_do"}
			switch m[1] {
			case "good":
				keys = keys[:1]
			case "room":
				keys = []string{m[2], m[2] + "_few", m[2] + "_few_do", m[2] + "_none", m[2] + "_none_do"}
			}
			for _, key := range keys {
				for _, lang := range words.Languages {
					if !words.In(lang).Has(key) {
						t.Errorf("%s: %s has no %q", path, lang, key)
					}
				}
			}
		}
	}
	if seen < 30 {
		t.Errorf("found %d codes only", seen)
	}
}

func TestTheTerminalsLanguageIsSpoken(t *testing.T) {
	for _, tt := range []struct{ all, lang, want string }{
		{"", "", ""}, {"", "it_IT.UTF-8", "it"}, {"C", "it_IT", "C"}, {"it", "en_GB", "it"},
	} {
		env := map[string]string{"LC_ALL": tt.all, "LANG": tt.lang}
		if got := languageOf(func(name string) string { return env[name] }); got != tt.want {
			t.Errorf("%+v: %q", tt, got)
		}
	}
}
