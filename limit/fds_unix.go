//go:build unix

package limit

import "syscall"

// fdLimit is how many file descriptors this process may have.
func fdLimit() uint64 {
	var r syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r); err != nil {
		return socketsMax + fdReserve
	}
	return uint64(r.Cur) //nolint:unconvert // int64 on some systems
}
