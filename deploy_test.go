package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

func shipped(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// one is the only match of a pattern's group in a shipped file.
func one(t *testing.T, name, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)`+pattern).FindAllStringSubmatch(shipped(t, name), -1)
	if len(found) != 1 {
		t.Fatalf("%s has %s %d times, want once", name, pattern, len(found))
	}
	return found[0][1]
}

func TestWhatIsShippedSetsOnlyWhatTheProgramKnows(t *testing.T) {
	var known []string
	for field := range reflect.TypeFor[Config]().Fields() {
		if name := field.Tag.Get("env"); name != "" {
			known = append(known, name)
		}
	}
	for _, name := range []string{"deploy/mayfly.service", "deploy/install.sh", "deploy/mayflyctl", "deploy/compose.yaml", "deploy/image.sh", "Dockerfile"} {
		for _, set := range regexp.MustCompile(`\bMAYFLY_[A-Z_]*[A-Z]\b=?`).FindAllString(shipped(t, name), -1) {
			if set = strings.TrimSuffix(set, "="); !slices.Contains(append(known, "MAYFLY_X", "MAYFLY_SOMETHING"), set) {
				t.Errorf("%s sets %s, which no flag has", name, set)
			}
		}
	}
}

func TestTheUnitItsHelperAndTheInstallerNameTheSameFolders(t *testing.T) {
	folders := "MAYFLY_DATA=" + one(t, "deploy/install.sh", `^data=(.*)$`) + " MAYFLY_KEYS=" + one(t, "deploy/install.sh", `^keys=(.*)$`)
	for name, pattern := range map[string]string{"deploy/mayfly.service": `^Environment=(.*)$`, "deploy/mayflyctl": `^export (MAYFLY_DATA.*)$`} {
		if got := one(t, name, pattern); got != folders {
			t.Errorf("%s says %q, the installer %q", name, got, folders)
		}
	}
	for name, where := range map[string]string{"State": "/var/lib/", "Runtime": "/run/"} {
		if got := where + one(t, "deploy/mayfly.service", `^`+name+`Directory=(.*)$`); !strings.Contains(folders, got) {
			t.Errorf("%sDirectory is %s, the folders %s", name, got, folders)
		}
	}
	if user := one(t, "deploy/mayfly.service", `^User=(.*)$`); user != one(t, "deploy/install.sh", `^account=(.*)$`) {
		t.Errorf("the unit runs as %s, whom the installer does not make", user)
	}
	if one(t, "deploy/mayfly.service", `^RuntimeDirectoryPreserve=(.*)$`) != "yes" {
		t.Error("a restart of the service ends every post")
	}
}

// TestR18TheUnitKeepsMemoryOffTheDiskAndTheProgramInItsFolders holds what is shipped to
// what SECURITY.md says, and to what systemd itself thinks of it.
func TestR18TheUnitKeepsMemoryOffTheDiskAndTheProgramInItsFolders(t *testing.T) {
	for name, want := range map[string]string{
		"LimitCORE": "0", "MemorySwapMax": "0", "NoNewPrivileges": "yes", "CapabilityBoundingSet": "", "ProtectSystem": "strict", "ProtectHome": "yes",
		"PrivateTmp": "yes", "PrivateDevices": "yes", "ProtectProc": "invisible", "MemoryDenyWriteExecute": "yes", "SystemCallFilter": "@system-service",
		"UMask": "0077", "StateDirectoryMode": "0700", "RuntimeDirectoryMode": "0700",
	} {
		if got := one(t, "deploy/mayfly.service", `^`+name+`=(.*)$`); got != want {
			t.Errorf("%s=%s, want %q", name, got, want)
		}
	}
	t.Run("as systemd scores it", func(t *testing.T) {
		analyze, err := exec.LookPath("systemd-analyze")
		if err != nil {
			t.Skip("systemd-analyze is not here")
		}
		if out, err := exec.CommandContext(t.Context(), analyze, "security", "--offline=true", "--threshold=20", "--no-pager", "deploy/mayfly.service").CombinedOutput(); err != nil {
			t.Errorf("its exposure is more than 2: %v\n%s", err, out)
		}
	})
}

func TestTheImageIsBuiltAsTheReleaseIs(t *testing.T) {
	for _, pattern := range []string{`(go build -trimpath .*) \\$`, `(-linkmode external .*?-static)`} {
		image, release := one(t, "Dockerfile", pattern), one(t, "deploy/release.sh", pattern)
		if image != release {
			t.Errorf("the image is built with %q, the release with %q", image, release)
		}
	}
}

func TestTheComposeFileStartsTheImageAsItIsMade(t *testing.T) {
	const file = "deploy/compose.yaml"
	folders := one(t, "Dockerfile", `^ENV (MAYFLY_DATA.*)$`)
	volume, bound := one(t, file, `^ +- data:(/.*)$`), one(t, file, `^ +target: (.*)$`)
	if want := "MAYFLY_DATA=" + volume + " MAYFLY_KEYS=" + bound; folders != want {
		t.Errorf("the image keeps its things in %q, the file mounts %q", folders, want)
	}
	if got := one(t, "Dockerfile", `^VOLUME (.*)$`); got != `["`+volume+`", "`+bound+`"]` {
		t.Errorf("the image names the volumes %s", got)
	}
	if keys := one(t, file, `^ +source: (.*)$`); keys != one(t, "deploy/install.sh", `^keys=(.*)$`) || !strings.Contains(shipped(t, file), "bind: { create_host_path: false }") {
		t.Errorf("the keys lie in %s, or on a disk where that is not there", keys)
	}
	user, group, _ := strings.Cut(one(t, "Dockerfile", `^USER (.*)$`), ":")
	if line := one(t, file, `(echo 'd /run/mayfly .*?')`); line != "echo 'd /run/mayfly 0700 "+user+" "+group+"'" || !strings.Contains(shipped(t, "docs/operating.md"), line) {
		t.Errorf("the folder of keys is made by %q, and the image runs as %s:%s", line, user, group)
	}
	if port := one(t, "Dockerfile", `^EXPOSE (.*)$`); one(t, file, `^ +ports: \["127\.0\.0\.1:8080:(.*)"\]$`) != port || one(t, file, `^ +MAYFLY_ADDR: ":(.*)"$`) != port {
		t.Errorf("the image listens on %s, and the file leads elsewhere", port)
	}
	for _, held := range []string{"read_only: true", "cap_drop: [ALL]", `security_opt: ["no-new-privileges:true"]`, "core: 0", "mem_limit: 512m", "memswap_limit: 512m"} {
		if !strings.Contains(shipped(t, file), "    "+held) && !strings.Contains(shipped(t, file), "{ "+held) {
			t.Errorf("the file does not say %s", held)
		}
	}
	grace, err := time.ParseDuration(one(t, file, `^ +stop_grace_period: (.*)$`))
	if err != nil || grace <= shutdownTime {
		t.Errorf("it is given %v to stop, and takes %v: %v", grace, shutdownTime, err)
	}
}

// TestWhatTheComposeFileOffersLeadsWhereItsPortsAre: its settings are the program's, with
// those that stand there to be taken out of a comment.
func TestWhatTheComposeFileOffersLeadsWhereItsPortsAre(t *testing.T) {
	offers := regexp.MustCompile(`\n +# \b`).Split(one(t, "deploy/compose.yaml", `(?s)environment:\n(.*?)\n\n`), -1)
	if len(offers) != 3 {
		t.Fatalf("%d blocks of settings", len(offers))
	}
	for _, offer := range offers {
		title, _, _ := strings.Cut(offer, "\n")
		t.Run(title, func(t *testing.T) {
			t.Setenv("MAYFLY_ADDR", ":8080")
			for _, set := range regexp.MustCompile(`(MAYFLY_\w+): "?([^"\n]+)"?`).FindAllStringSubmatch(offer, -1) {
				t.Setenv(set[1], set[2])
			}
			var cfg Config
			parser, err := kong.New(&cfg)
			if err == nil {
				_, err = parser.Parse(nil)
			}
			if err == nil {
				err = cfg.check()
			}
			if err != nil || cfg.base != nil && cfg.base.String() != "https://board.example" {
				t.Errorf("it is reached at %v: %v", cfg.base, err)
			}
		})
	}
}

func TestTheGuideBeginsWithWhatIsInIt(t *testing.T) {
	guide := shipped(t, "docs/operating.md")
	var contents, sections []string
	for _, line := range regexp.MustCompile(`(?m)^- \[([^]]+)\]\(#`).FindAllStringSubmatch(guide, -1) {
		contents = append(contents, line[1])
	}
	for _, line := range regexp.MustCompile(`(?m)^## (.+)$`).FindAllStringSubmatch(guide, -1) {
		sections = append(sections, line[1])
	}
	if !slices.Equal(contents, sections) {
		t.Errorf("its contents are %q, its sections %q", contents, sections)
	}
}

func TestScriptsReadWell(t *testing.T) {
	scripts, err := filepath.Glob("deploy/*.sh")
	if err != nil {
		t.Fatal(err)
	}
	for _, script := range append(scripts, "deploy/mayflyctl") {
		if out, err := exec.Command("sh", "-n", script).CombinedOutput(); err != nil {
			t.Errorf("sh -n %s: %v\n%s", script, err, out)
		}
		if lint, err := exec.LookPath("shellcheck"); err == nil {
			if out, err := exec.Command(lint, script).CombinedOutput(); err != nil {
				t.Errorf("shellcheck %s: %v\n%s", script, err, out)
			}
		}
	}
}

// TestTheHelperReadsTheSettingsAsSystemdDoes has it start a program that prints them.
func TestTheHelperReadsTheSettingsAsSystemdDoes(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mayflyctl is for root alone")
	}
	dir := t.TempDir()
	settings, program, setpriv := filepath.Join(dir, "settings"), filepath.Join(dir, "program"), filepath.Join(dir, "setpriv")
	for name, content := range map[string]string{
		settings: "# MAYFLY_ADDR=:1\nMAYFLY_ADDR=:2\nMAYFLY_ADDR=\":3\"\nMAYFLY_SET='ttl_max=2d,about_text=a $HOME `id` b'\nPATH=/nowhere\nMAYFLY_KEYS=/srv/keys",
		program:  "#!/bin/sh\nenv | grep ^MAYFLY_ | sort\necho \"$@\"\n",
		setpriv:  "#!/bin/sh\necho \"$*\" | grep -q -- '--reuid=mayfly --regid=mayfly --clear-groups' || exit 1\nwhile [ \"$1\" != -- ]; do shift; done\nshift\nexec \"$@\"\n", // the user may not exist here
	} {
		if err := os.WriteFile(name, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("deploy/mayflyctl", "settings", "get")
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "MAYFLYCTL_SETTINGS=" + settings, "MAYFLYCTL_PROGRAM=" + program}
	out, err := cmd.CombinedOutput()
	want := "MAYFLY_ADDR=:3\nMAYFLY_DATA=/var/lib/mayfly\nMAYFLY_KEYS=/srv/keys\nMAYFLY_SET=ttl_max=2d,about_text=a $HOME `id` b\nsettings get\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s\nwant:\n%s", err, out, want)
	}
}
