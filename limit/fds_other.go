//go:build !unix

package limit

// fdLimit is how many sockets we hold and some more, where no limit can be asked.
func fdLimit() uint64 { return socketsMax + fdReserve }
