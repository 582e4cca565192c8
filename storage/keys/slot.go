package keys

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A slot is 64 bytes, so that none straddles a sector:
//
//	 0      used: 1
//	 8..16  gen, random
//	16..24  cap, board time in ms
//	24..56  key
//	60..64  CRC-32 of the 60 bytes before it
//
// all little-endian, the rest zero. A slot of zeroes is free. Slot 0 is the
// header: a line that names the format, 16 bytes that name the file, and a CRC.
const slotSize = 64

const headerLine = "mayfly keys 1\n"

var (
	zeroes     [grow * slotSize]byte
	errForeign = errors.New("posts.keys is not a file of keys that this program knows; leave it alone and give another --keys folder")
)

func (e entry) encode() []byte {
	b := make([]byte, slotSize)
	b[0] = 1
	binary.LittleEndian.PutUint64(b[8:], e.gen)
	binary.LittleEndian.PutUint64(b[16:], uint64(e.capAt)) //nolint:gosec // its bits, read back below
	copy(b[24:56], e.key[:])
	return sign(b)
}

// decodeSlot reads a slot; false means damage.
func decodeSlot(b []byte) (entry, bool) {
	if b[0] != 1 || !signed(b) {
		return entry{}, false
	}
	return entry{
		gen:   binary.LittleEndian.Uint64(b[8:]),
		capAt: int64(binary.LittleEndian.Uint64(b[16:])), //nolint:gosec // its bits, written above
		key:   [32]byte(b[24:56]),
	}, true
}

func encodeHeader(id [16]byte) []byte {
	b := make([]byte, slotSize)
	copy(b, headerLine)
	copy(b[16:32], id[:])
	return sign(b)
}

func decodeHeader(b []byte) (id [16]byte, err error) {
	if string(b[:len(headerLine)]) != headerLine || !signed(b) {
		return id, errForeign
	}
	return [16]byte(b[16:32]), nil
}

func sign(b []byte) []byte {
	binary.LittleEndian.PutUint32(b[60:], crc32.ChecksumIEEE(b[:60]))
	return b
}

func signed(b []byte) bool {
	return binary.LittleEndian.Uint32(b[60:]) == crc32.ChecksumIEEE(b[:60])
}

func allZero(b []byte) bool { return string(b) == string(zeroes[:len(b)]) }

func offset(slot uint32) int64 { return int64(slot) * slotSize }
