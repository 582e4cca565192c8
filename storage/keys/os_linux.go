package keys

import (
	"os"

	"golang.org/x/sys/unix"
)

// dataSync brings a file's bytes to disk, without its times.
func dataSync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }
