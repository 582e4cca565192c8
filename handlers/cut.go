package handlers

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/flate"
)

// cut is a page in pieces that are compressed one by one, so that another can take the place
// of each: what a reader gets is one gzip stream all the same.
type cut struct {
	pieces []piece
	whole  func() []byte // all of it, nobody's marks on it
	room   int           // about as much as it takes
}

// piece is an article, or what stands between two.
type piece struct {
	post  int // of the page's; -1: none
	plain []byte
	alone func() []byte
	after func() []byte // for who has just been sent the piece before it
}

// newCut cuts a page at its articles; nil: they are not where they should be. What stands
// before the first of them may be kept by head.
func newCut(page []byte, articles []*article, head func([]byte) *article) *cut {
	c := &cut{room: len(page) / 4}
	c.whole = sync.OnceValue(func() []byte { return c.with(nil) })
	at := 0
	add := func(end int, keep func([]byte) *article) {
		if end > at {
			a := keep(page[at:end])
			c.pieces = append(c.pieces, piece{-1, a.plain, a.alone, a.alone})
			at, head = end, newArticle
		}
	}
	for i, a := range articles {
		begin := bytes.Index(page[at:], a.plain)
		if begin < 0 {
			return nil
		}
		add(at+begin, head)
		after := a.alone
		if begin == 0 && i > 0 {
			after = func() []byte { return a.packedAfter(articles[i-1]) }
		}
		c.pieces = append(c.pieces, piece{i, a.plain, a.alone, after})
		at += len(a.plain)
	}
	add(len(page), newArticle)
	return c
}

// with is the page with other articles in the place of some, by post. They are not packed:
// it costs more than it spares.
func (c *cut) with(articles map[int][]byte) []byte {
	blocks := gzipBegin(c.room)
	sum, size, others := uint32(0), 0, false
	for _, p := range c.pieces {
		plain := p.plain
		other, is := articles[p.post]
		switch {
		case is:
			plain, blocks = other, stored(blocks, other)
		case others:
			blocks = append(blocks, p.alone()...)
		default:
			blocks = append(blocks, p.after()...)
		}
		others = is
		sum = crc32.Update(sum, crc32.IEEETable, plain)
		size += len(plain)
	}
	return gzipEnd(blocks, sum, size)
}

// stored appends b as deflate blocks that are not compressed.
func stored(blocks, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), 1<<16-1)
		blocks = binary.LittleEndian.AppendUint16(append(blocks, 0), uint16(n))
		blocks = binary.LittleEndian.AppendUint16(blocks, ^uint16(n))
		blocks, b = append(blocks, b[:n]...), b[n:]
	}
	return blocks
}

// gzipBegin is what a gzip stream (RFC 1952) begins with, before its blocks.
func gzipBegin(room int) []byte {
	return append(make([]byte, 0, room), 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
}

// gzipEnd ends a stream none of whose blocks was the last.
func gzipEnd(b []byte, sum uint32, size int) []byte {
	b = append(b, 3, 0) // an empty block, the last
	b = binary.LittleEndian.AppendUint32(b, sum)
	return binary.LittleEndian.AppendUint32(b, uint32(size)) //nolint:gosec // a page's
}

// packer compresses what can be read without what was before, or with a little of it.
type packer struct {
	to bytes.Buffer
	w  *flate.Writer
}

var packers = sync.Pool{New: func() any {
	p := &packer{}
	p.w, _ = flate.NewWriter(&p.to, flate.DefaultCompression) // a level that there is
	return p
}}

// packed is b as deflate blocks that need nothing but before in front of them, none of which
// is the last.
func packed(before, b []byte) []byte {
	p := packers.Get().(*packer) // nothing else is in there
	defer packers.Put(p)
	p.to.Reset()
	p.w.ResetDict(&p.to, before)
	_, _ = p.w.Write(b) // to memory
	_ = p.w.Flush()     // to the end of a byte
	return bytes.Clone(p.to.Bytes())
}
