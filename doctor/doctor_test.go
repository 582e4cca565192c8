package doctor

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// codes are what was found, in order.
func codes(list []Finding) []string {
	out := make([]string, len(list))
	for i, f := range list {
		out[i] = f.Level.String() + " " + f.Code
	}
	return out
}

func TestTheClockIsHeldAgainstWhatWasSeen(t *testing.T) {
	board := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name    string
		wall    time.Duration
		running bool
		want    string
	}{
		{"in step", 0, true, "good doctor.clock"},
		{"adjusted by seconds", -30 * time.Second, true, "good doctor.clock"},
		{"behind", -time.Hour, false, "warning doctor.clock_behind"},
		{"a machine that was off", 30 * 24 * time.Hour, false, "good doctor.clock"},
		{"moved ahead during a run", time.Hour, true, "warning doctor.clock_stepped"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes([]Finding{Clock(board.Add(tt.wall), board, tt.running)}); got[0] != tt.want {
				t.Errorf("found %q, want %q", got[0], tt.want)
			}
		})
	}
	if got := Clock(board, time.Time{}, false); got.Code != "doctor.clock_new" {
		t.Errorf("nothing saved yet: %q", got.Code)
	}
}

func TestFoldersAreLookedAt(t *testing.T) {
	keys, data := filepath.Join(t.TempDir(), "keys"), filepath.Join(t.TempDir(), "data")
	for _, dir := range []string{keys, data} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if has := codes(Folders(data, keys)); !slices.Contains(has, "good doctor.keys_private") || Worst(Folders(data, keys)) == Bad {
		t.Errorf("private folders: %q", has)
	}
	for _, dir := range []string{keys, data} {
		if err := os.Chmod(dir, 0o750); err != nil {
			t.Fatal(err)
		}
	}
	has := codes(Folders(data, keys))
	for _, want := range []string{"bad doctor.keys_open", "warning doctor.data_open"} {
		if !slices.Contains(has, want) {
			t.Errorf("folders of mode 0750: %q, want %q", has, want)
		}
	}
}

func TestKeysInsideTheDataAreFoundThroughALink(t *testing.T) {
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "k"), 0o700); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(t.TempDir(), "keys")
	if err := os.Symlink(filepath.Join(data, "k"), link); err != nil {
		t.Fatal(err)
	}
	if has := codes(Folders(data, link)); !slices.Contains(has, "bad doctor.keys_inside") {
		t.Errorf("found %q", has)
	}
	if has := codes(Folders(data, t.TempDir())); slices.Contains(has, "bad doctor.keys_inside") {
		t.Errorf("keys beside the data: %q", has)
	}
}

func TestFoldersThatAreNotThereAreNoFault(t *testing.T) {
	dir := t.TempDir()
	list := Folders(filepath.Join(dir, "data"), filepath.Join(dir, "keys"))
	if got := codes(list); !slices.Equal(got, []string{"note doctor.keys_none", "note doctor.data_none"}) {
		t.Errorf("found %q", got)
	}
}

func TestAJournalThatIsNotBroughtInIsFound(t *testing.T) {
	data := t.TempDir()
	wal := filepath.Join(data, "mayfly.db-wal")
	if err := os.WriteFile(wal, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		size  int64
		found bool
	}{{journalMost, false}, {journalMost + 1, true}} {
		if err := os.Truncate(wal, tt.size); err != nil {
			t.Fatal(err)
		}
		if has := slices.Contains(codes(Folders(data, t.TempDir())), "warning doctor.journal"); has != tt.found {
			t.Errorf("a journal of %d bytes: found %v", tt.size, has)
		}
	}
}

func TestWhatKeysLieOn(t *testing.T) {
	for want, k := range map[string]kind{
		"good doctor.keys_memory":     memory,
		"note doctor.keys_disk":       inPlace,
		"warning doctor.keys_copies":  copies,
		"warning doctor.keys_network": network,
		"warning doctor.keys_layer":   layer,
		"note doctor.keys_unknown":    unknown,
	} {
		if got := codes([]Finding{keysOn("/keys", disk{kind: k})})[0]; got != want {
			t.Errorf("found %q, want %q", got, want)
		}
	}
}

func TestWhatTheHostSaysOfSnapshotsMeansForKeys(t *testing.T) {
	for _, tt := range []struct {
		said     string
		inMemory bool
		want     string
	}{
		{"no", false, "good doctor.snapshots_no"},
		{"yes", false, "warning doctor.snapshots_keys"},
		{"yes", true, "note doctor.snapshots_memory"},
		{"unknown", true, "note doctor.snapshots_unknown"},
		{"", false, "note doctor.snapshots_unknown"},
	} {
		if got := codes([]Finding{snapshotsOf(tt.said, "/keys", tt.inMemory)})[0]; got != tt.want {
			t.Errorf("%q, in memory %v: found %q, want %q", tt.said, tt.inMemory, got, tt.want)
		}
	}
}

func TestRoomRunsOut(t *testing.T) {
	for _, tt := range []struct {
		free uint64
		want string
	}{
		{dataFew, "good doctor.data_room"},
		{dataFew - 1, "warning doctor.data_room_few"},
		{dataNone - 1, "bad doctor.data_room_none"},
	} {
		if got := codes([]Finding{room("doctor.data_room", "/data", tt.free, dataFew, dataNone)})[0]; got != tt.want {
			t.Errorf("%d bytes free: %q, want %q", tt.free, got, tt.want)
		}
	}
	dir := t.TempDir()
	if Full(dir, dir) {
		t.Error("a disk with room is called full")
	}
	if !Full(filepath.Join(dir, "gone"), dir) {
		t.Error("a folder that is not there has room")
	}
}

// tell writes what a kernel would tell, under a folder of its own.
func tell(t *testing.T, files map[string]string) machine {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return machine{root}
}

func TestSwapIsFound(t *testing.T) {
	const head, group = "Filename\t\t\t\tType\t\tSize\n", "0::/system.slice/mayfly.service\n"
	const most = "sys/fs/cgroup/system.slice/mayfly.service/memory.swap.max"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"none", map[string]string{"proc/swaps": head}, "good doctor.swap_off"},
		{"a partition", map[string]string{"proc/swaps": head + "/dev/sda2 partition 8388604\n"}, "warning doctor.swap_on"},
		{"memory alone", map[string]string{"proc/swaps": head + "/dev/zram0 partition 8388604\n"}, "good doctor.swap_zram"},
		{"memory first", map[string]string{"proc/swaps": head + "/dev/zram0 partition 1\n/swap.img file 1\n"}, "warning doctor.swap_on"},
		{"kept out of it", map[string]string{"proc/swaps": head + "/swap.img file 1\n", "proc/self/cgroup": group, most: "0\n"}, "good doctor.swap_forbidden"},
		{"some of it", map[string]string{"proc/swaps": head + "/swap.img file 1\n", "proc/self/cgroup": group, most: "max\n"}, "warning doctor.swap_on"},
		{"nobody says", nil, "note doctor.swap_unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes([]Finding{tell(t, tt.files).swap()})[0]; got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestMemoryIsTheLesserOfMachineAndLimit(t *testing.T) {
	const group, most = "0::/a\n", "sys/fs/cgroup/a/memory.max"
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"a whole machine", map[string]string{"proc/meminfo": "MemTotal:       1048576 kB\n"}, []string{"good doctor.memory"}},
		{"a small one", map[string]string{"proc/meminfo": "MemTotal:       131072 kB\n"}, []string{"warning doctor.memory_few"}},
		{"a limit below it", map[string]string{"proc/meminfo": "MemTotal: 1048576 kB\n", "proc/self/cgroup": group, most: "536870912\n"}, []string{"note doctor.memory_unsaid"}},
		{"a limit above it", map[string]string{"proc/meminfo": "MemTotal: 1048576 kB\n", "proc/self/cgroup": group, most: "9936870912\n"}, []string{"good doctor.memory"}},
		{"no limit", map[string]string{"proc/meminfo": "MemTotal: 1048576 kB\n", "proc/self/cgroup": group, most: "max\n"}, []string{"good doctor.memory"}},
		{"nobody says", nil, []string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := codes(tell(t, tt.files).memory()); !slices.Equal(got, tt.want) {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSizesAreWholeAndNeverTooLarge(t *testing.T) {
	for n, want := range map[uint64]string{
		0: "0 kB", 4095: "3 kB", 1 << 20: "1 MB", 10<<30 - 1: "10239 MB", 10 << 30: "10 GB", math.MaxUint64: "17179869183 GB",
	} {
		if got := size(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
