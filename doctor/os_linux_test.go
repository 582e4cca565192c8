package doctor

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestWhatAFolderLiesOnIsAskedOfTheKernel(t *testing.T) {
	shm, err := os.MkdirTemp("/dev/shm", "mayfly") //nolint:usetesting // what is in memory is asked for
	if err != nil {
		t.Skip("no /dev/shm")
	}
	t.Cleanup(func() { os.RemoveAll(shm) })
	d, err := diskOf(shm)
	if err != nil || d.kind != memory || d.free == 0 {
		t.Errorf("/dev/shm is %+v, %v; want memory with room", d, err)
	}
	if d, err := diskOf("/proc"); err != nil || d.kind != unknown || !strings.HasPrefix(d.name, "0x") {
		t.Errorf("/proc is %+v, %v; want an unknown kind", d, err)
	}
	if _, err := diskOf(shm + "/gone"); err == nil {
		t.Error("a folder that is not there lies on something")
	}
}

func TestFileSystemsAreKnownByTheirNumber(t *testing.T) {
	for magic, want := range map[uint32]kind{
		unix.EXT4_SUPER_MAGIC: inPlace, unix.BTRFS_SUPER_MAGIC: copies, 0x2FC12FC1: copies,
		unix.OVERLAYFS_SUPER_MAGIC: layer, unix.NFS_SUPER_MAGIC: network, unix.CIFS_SUPER_MAGIC: network,
		unix.FUSE_SUPER_MAGIC: network, unix.PROC_SUPER_MAGIC: unknown,
	} {
		if got := kindOf(magic).kind; got != want {
			t.Errorf("%#x is of kind %d, want %d", magic, got, want)
		}
	}
}

// R18: no crash writes keys to a disk. In a process of its own, for the limit can't be
// raised again.
func TestR18DumpsAreForbidden(t *testing.T) {
	if os.Getenv("FORBID_DUMPS") == "" {
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
		again.Env = append(os.Environ(), "FORBID_DUMPS=1")
		if out, err := again.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	if !dumps() {
		t.Fatal("dumps are off before they were forbidden")
	}
	if err := ForbidDumps(); err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile("/proc/self/limits")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(limits)) {
		if rest, ok := strings.CutPrefix(line, "Max core file size"); ok && strings.Join(strings.Fields(rest), " ") != "0 0 bytes" {
			t.Errorf("core limit: %s", rest)
		}
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || dumpable != 0 {
		t.Errorf("dumpable = %d, %v", dumpable, err)
	}
	if dumps() {
		t.Error("doctor says that dumps are on")
	}
	if got := (machine{"/"}).dumps(); got.Code != "doctor.dumps_off" {
		t.Errorf("found %q", got.Code)
	}
}
