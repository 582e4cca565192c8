package keys

// #cgo noescape since_boot
// #cgo nocallback since_boot
// #include <time.h>
//
// static long long since_boot(void) {
// 	struct timespec t;
// 	if (clock_gettime(CLOCK_BOOTTIME, &t) != 0) {
// 		return -1;
// 	}
// 	return t.tv_sec * 1000000000LL + t.tv_nsec;
// }
import "C"

import "time"

// sinceBoot is the time since the machine started, its sleep included. The C library reads
// it without a call of the kernel, in a quarter of the time; a request asks eight times.
func sinceBoot() time.Duration {
	d := time.Duration(C.since_boot())
	if d < 0 {
		panic("keys: no CLOCK_BOOTTIME")
	}
	return d
}
