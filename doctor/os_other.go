//go:build !linux

package doctor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// diskOf knows how much is free, and not what it lies on.
func diskOf(path string) (disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return disk{}, err
	}
	return disk{name: "?", free: uint64(st.Bavail) * uint64(st.Bsize)}, nil //nolint:gosec,unconvert // signed on some systems
}

// ForbidDumps has the kernel write no image of this process.
func ForbidDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	return nil
}

// dumps says whether a crash of this process would be written down.
func dumps() bool {
	var limit unix.Rlimit
	err := unix.Getrlimit(unix.RLIMIT_CORE, &limit)
	return err != nil || limit.Cur > 0
}
