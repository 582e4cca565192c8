package live

import "syscall"

// courier writes to one reader after the other, and waits for none. What it holds
// is made once for all of them.
type courier struct {
	bytes []byte
	n     int
	err   error
	write func(fd uintptr) bool
}

func newCourier() *courier {
	c := new(courier)
	c.write = func(fd uintptr) bool {
		c.n, c.err = writeNow(fd, c.bytes)
		return true // whatever came of it: to wait is not ours
	}
	return c
}

// try writes what the connection takes at once, and says how much that was.
func (c *courier) try(raw syscall.RawConn, b []byte) (int, error) {
	c.bytes = b
	err := raw.Write(c.write)
	c.bytes = nil
	if err != nil {
		return 0, err
	}
	return c.n, c.err
}

// rawOf is the connection beneath conn, if it has one that takes bytes as they are: TLS has not.
func rawOf(conn any) syscall.RawConn {
	under, ok := conn.(syscall.Conn)
	if !ok || !writesNow {
		return nil
	}
	raw, err := under.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}
