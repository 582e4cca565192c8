package certs

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"
	"time"

	"mayfly/certs/certstest"
)

// pair writes a certificate for a name and its key, as if at a time.
func pair(t *testing.T, dir, name string, at time.Time) (cert, key string) {
	t.Helper()
	c, k, err := certstest.Sign(name, time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	put(t, cert, c, at)
	put(t, key, k, at)
	return cert, key
}

func put(t *testing.T, path string, text []byte, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

func TestAnOwnCertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	dir, at := t.TempDir(), time.Now().Add(-time.Hour)
	cert, key := pair(t, dir, name, at)
	o, err := OpenOwn(name, cert, key)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string {
		t.Helper()
		c, err := o.Certificate(&tls.ClientHelloInfo{})
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.SerialNumber.String()
	}
	first := serial()
	pair(t, dir, name, at.Add(time.Minute))
	second := serial()
	if second == first {
		t.Error("the new one is not served")
	}
	put(t, key, []byte("half of a k"), at.Add(2*time.Minute))
	if serial() != second {
		t.Error("files that are no pair took the good one away")
	}
	if s := o.States()[0]; s.Why != Files || !s.Trouble(time.Now()) {
		t.Errorf("nobody is told: %+v", s)
	}
	pair(t, dir, name, at.Add(3*time.Minute))
	if serial() == second || o.States()[0].Why != "" {
		t.Errorf("it is not mended: %+v", o.States()[0])
	}
}

func TestAnOwnCertificateThatIsNoneIsRefused(t *testing.T) {
	dir := t.TempDir()
	cert, key := pair(t, dir, name, time.Now())
	_, foreign := pair(t, t.TempDir(), name, time.Now())
	for what, files := range map[string][3]string{
		"a file that is not there": {name, filepath.Join(dir, "no.pem"), key},
		"a key of another":         {name, cert, foreign},
		"another name":             {"other.example", cert, key},
		"a key for a certificate":  {name, key, key},
	} {
		if _, err := OpenOwn(files[0], files[1], files[2]); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

func TestNamesAreReadAsTheyAreInACertificate(t *testing.T) {
	for list, want := range map[string]string{
		"board.example": "board.example", "Board.Example , www.board.example": "board.example www.board.example", "bücher.example": "xn--bcher-kva.example",
	} {
		names, err := Names(list)
		got := ""
		for i, n := range names {
			if i > 0 {
				got += " "
			}
			got += n
		}
		if err != nil || got != want {
			t.Errorf("%q: %q, %v", list, got, err)
		}
	}
	for _, list := range []string{"", "a,", "192.0.2.7", "::1", "*.example", "a:443", "https://a", "a b", "-a.example", "a..b", "a_b.example"} {
		if names, err := Names(list); err == nil {
			t.Errorf("%q: %q", list, names)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("board.example,www.board.example")
	f.Add("bücher.example")
	f.Fuzz(func(t *testing.T, list string) {
		names, err := Names(list)
		for _, n := range names {
			again, err := Names(n)
			if err != nil || len(again) != 1 || again[0] != n {
				t.Errorf("%q is %q, which is %q: %v", list, n, again, err)
			}
		}
		if (err == nil) != (len(names) > 0) {
			t.Errorf("%q: %q %v", list, names, err)
		}
	})
}

func TestACertificateIsLateWithAQuarterOfItsTimeLeft(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := Status{From: from, Until: from.Add(90 * 24 * time.Hour)}
	for days, want := range map[int]bool{1: false, 60: false, 67: false, 68: true, 91: true} {
		if got := s.Trouble(from.Add(time.Duration(days) * 24 * time.Hour)); got != want {
			t.Errorf("on day %d: %v", days, got)
		}
	}
	if (Status{}).Trouble(from) {
		t.Error("one that is being asked for is trouble")
	}
}
