package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mayfly/argon"
)

func TestASealedFileIsOpenedByTheCommand(t *testing.T) {
	file, picture := filepath.Join(t.TempDir(), "post.sealed"), filepath.Join(t.TempDir(), "picture.jpg")
	locked, err := argon.New().Seal(t.Context(), "four words nobody has", []byte(`{"reason":"an order","post":{"body":"xyzzy"},"picture_bytes":"UElY"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, locked, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MAYFLY_SEAL_PASSPHRASE", "four words nobody has")
	out := command(t, "unseal", file, "--picture", picture)
	if !strings.Contains(out, `"body": "xyzzy"`) || strings.Contains(out, "UElY") {
		t.Errorf("printed %s", out)
	}
	if b, err := os.ReadFile(picture); err != nil || string(b) != "PIX" {
		t.Errorf("the picture is %q, %v", b, err)
	}
	t.Setenv("MAYFLY_SEAL_PASSPHRASE", "four words nobody had")
	if err := run(t.Context(), []string{"unseal", file}, new(strings.Builder)); err == nil || !strings.Contains(err.Error(), "passphrase is another") || exitCode(err) != 2 {
		t.Errorf("another passphrase: %v", err)
	}
}
