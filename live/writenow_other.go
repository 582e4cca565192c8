//go:build !unix

package live

const writesNow = false

func writeNow(uintptr, []byte) (int, error) { return 0, nil }
