package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// kind is what a file system does with what is overwritten.
type kind uint8

const (
	unknown kind = iota
	memory       // gone when the machine is off
	inPlace      // overwrites where it lies
	copies       // writes beside it, and may keep the older
	network      // somebody else's disk
	layer        // a container's own, gone with it
)

// disk is the file system under a folder.
type disk struct {
	name string
	kind kind
	free uint64 // bytes for this user
}

// journalMost is how large the journal may grow (SPEC 10).
const journalMost = 64 << 20

// Room that should be left. Keys need little, and their folder may be a small one.
const (
	dataFew, dataNone = 512 << 20, 64 << 20
	keysFew, keysNone = 32 << 20, 4 << 20
)

// Folders looks at the two folders: what they lie on, who may read them, what room is
// left. Nothing in them is opened.
func Folders(data, keys string) []Finding {
	list := append(keysFolder(keys), dataFolder(data)...)
	if within(keys, data) {
		list = append(list, bad("doctor.keys_inside", "keys", keys, "data", data))
	}
	return list
}

// Snapshots says what the host's word on a provider's snapshots (yes, no, or neither)
// means for keys in a folder.
func Snapshots(said, keys string) Finding {
	d, err := diskOf(keys)
	return snapshotsOf(said, keys, err == nil && d.kind == memory)
}

func snapshotsOf(said, keys string, inMemory bool) Finding {
	switch {
	case said == "no":
		return good("doctor.snapshots_no")
	case said != "yes":
		return note("doctor.snapshots_unknown")
	case inMemory:
		return note("doctor.snapshots_memory", "path", keys)
	}
	return warn("doctor.snapshots_keys", "path", keys)
}

func keysFolder(path string) []Finding {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return []Finding{note("doctor.keys_none", "path", path)}
	}
	d, err := diskOf(path)
	if err != nil {
		return []Finding{bad("doctor.keys_unread", "path", path)}
	}
	list := []Finding{keysOn(path, d)}
	if open := readableByOthers(path); open != "" {
		list = append(list, bad("doctor.keys_open", "path", open))
	} else {
		list = append(list, good("doctor.keys_private"))
	}
	return append(list, room("doctor.keys_room", path, d.free, keysFew, keysNone))
}

func keysOn(path string, d disk) Finding {
	switch d.kind {
	case memory:
		return good("doctor.keys_memory", "path", path)
	case inPlace:
		return note("doctor.keys_disk", "path", path, "fs", d.name)
	case copies:
		return warn("doctor.keys_copies", "path", path, "fs", d.name)
	case network:
		return warn("doctor.keys_network", "path", path, "fs", d.name)
	case layer:
		return warn("doctor.keys_layer", "path", path)
	case unknown:
	}
	return note("doctor.keys_unknown", "path", path, "fs", d.name)
}

func dataFolder(path string) []Finding {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return []Finding{note("doctor.data_none", "path", path)}
	}
	d, err := diskOf(path)
	if err != nil {
		return []Finding{bad("doctor.data_unread", "path", path)}
	}
	list := []Finding{dataOn(path, d)}
	if open := readableByOthers(path); open != "" {
		list = append(list, warn("doctor.data_open", "path", open))
	}
	list = append(list, room("doctor.data_room", path, d.free, dataFew, dataNone))
	if info, err := os.Stat(filepath.Join(path, "mayfly.db-wal")); err == nil && info.Size() > journalMost {
		list = append(list, warn("doctor.journal", "size", size(uint64(info.Size())))) //nolint:gosec // more than journalMost
	}
	return list
}

func dataOn(path string, d disk) Finding {
	switch d.kind {
	case network:
		return bad("doctor.data_network", "path", path, "fs", d.name)
	case layer:
		return warn("doctor.data_layer", "path", path)
	case memory:
		return note("doctor.data_memory", "path", path)
	case unknown, inPlace, copies:
	}
	return good("doctor.data_disk", "path", path, "fs", d.name)
}

// room says what is left: code is the family of its sentences.
func room(code, path string, free, few, none uint64) Finding {
	switch left := size(free); {
	case free < none:
		return bad(code+"_none", "path", path, "left", left)
	case free < few:
		return warn(code+"_few", "path", path, "left", left)
	default:
		return good(code, "path", path, "left", left)
	}
}

// Full says whether the data or keys folder has so little room left that writing will
// be refused soon; a folder that can't be looked at has.
func Full(data, keys string) bool {
	d, err := diskOf(data)
	k, kerr := diskOf(keys)
	return err != nil || kerr != nil || d.free < dataNone || k.free < keysNone
}

// readableByOthers names what in a folder other users of the machine may read: the
// folder itself or, if they get that far, a file in it.
func readableByOthers(path string) string {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o077 == 0 {
		return ""
	}
	return path
}

// within says whether path is folder or lies in it, symbolic links followed.
func within(path, folder string) bool {
	p, err := filepath.EvalSymlinks(path)
	f, ferr := filepath.EvalSymlinks(folder)
	if err != nil || ferr != nil {
		return false
	}
	p, err = filepath.Abs(p)
	f, ferr = filepath.Abs(f)
	if err != nil || ferr != nil {
		return false
	}
	return p == f || strings.HasPrefix(p, f+string(filepath.Separator))
}
