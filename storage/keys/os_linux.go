package keys

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// dataSync brings a file's bytes to disk, without its times.
func dataSync(f *os.File) error { return unix.Fdatasync(int(f.Fd())) }

// sinceBoot is the time since the machine started, its sleep included.
func sinceBoot() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic("keys: no CLOCK_BOOTTIME: " + err.Error())
	}
	return time.Duration(ts.Nano())
}
