//go:build !linux

package keys

import (
	"os"
	"time"
)

var started = time.Now()

// dataSync brings a file's bytes to disk.
func dataSync(f *os.File) error { return f.Sync() }

// sinceBoot counts from the start of the process. A sleep of the machine may be
// missing from it on systems that have no CLOCK_BOOTTIME.
func sinceBoot() time.Duration { return time.Since(started) }
