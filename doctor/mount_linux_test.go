package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// mounted gives a folder that really lies on a file system, or skips.
func mounted(t *testing.T, kind, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("none", dir, kind, 0, options); err != nil {
		t.Skipf("no %s can be mounted here: %v", kind, err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

func inside(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestALittleDiskIsFoundOnARealOne(t *testing.T) {
	disk := mounted(t, "tmpfs", "size=20m")
	data, keys := inside(t, disk, "data"), inside(t, disk, "keys")
	has := codes(Folders(data, keys))
	for _, want := range []string{"warning doctor.keys_room_few", "bad doctor.data_room_none", "good doctor.keys_memory", "note doctor.data_memory"} {
		if !slices.Contains(has, want) {
			t.Errorf("on a disk of 20 MB: %q, want %q", has, want)
		}
	}
	if !Full(data, keys) {
		t.Error("it is not called full")
	}
}

func TestKeysInAContainersLayerAreFoundInARealOne(t *testing.T) {
	disk := mounted(t, "tmpfs", "size=20m") // an overlay can't lie on another one
	lower, upper, work := inside(t, disk, "lower"), inside(t, disk, "upper"), inside(t, disk, "work")
	layer := mounted(t, "overlay", "lowerdir="+lower+",upperdir="+upper+",workdir="+work)
	has := codes(Folders(inside(t, layer, "data"), inside(t, layer, "keys")))
	for _, want := range []string{"warning doctor.keys_layer", "warning doctor.data_layer"} {
		if !slices.Contains(has, want) {
			t.Errorf("in an overlay: %q, want %q", has, want)
		}
	}
}

// Each file system of which a tool to make one is here.
func TestFileSystemsThatKeepCopiesAreFoundOnRealOnes(t *testing.T) {
	for kind, want := range map[string]string{
		"btrfs": "warning doctor.keys_copies", "f2fs": "warning doctor.keys_copies",
		"ext4": "note doctor.keys_disk", "xfs": "note doctor.keys_disk",
	} {
		t.Run(kind, func(t *testing.T) {
			tool, err := exec.LookPath("mkfs." + kind)
			if err != nil {
				t.Skip("nothing here makes one")
			}
			image, dir := filepath.Join(t.TempDir(), "disk"), t.TempDir()
			if err := os.WriteFile(image, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(image, 320<<20); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.CommandContext(t.Context(), tool, image).CombinedOutput(); err != nil {
				t.Skipf("%v\n%s", err, out)
			}
			if out, err := exec.CommandContext(t.Context(), "mount", "-o", "loop", image, dir).CombinedOutput(); err != nil {
				t.Skipf("%v\n%s", err, out)
			}
			t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
			if has := codes(Folders(t.TempDir(), inside(t, dir, "keys"))); !slices.Contains(has, want) {
				t.Errorf("found %q, want %q", has, want)
			}
		})
	}
}

// TestSwapIsFoundWhereTheKernelHasIt asks the real kernel, whatever it has.
func TestSwapIsFoundWhereTheKernelHasIt(t *testing.T) {
	raw, err := os.ReadFile("/proc/swaps")
	if err != nil {
		t.Skip(err)
	}
	found := machine{"/"}.swap()
	if none := strings.Count(string(raw), "\n") <= 1; none != (found.Code == "doctor.swap_off") {
		t.Errorf("the kernel says %q, the doctor %q", raw, found.Code)
	}
}
