package handlers

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"

	"mayfly/board"
)

// cut is a page in pieces that are compressed one by one, so that another can take the place
// of each: what a reader gets is one gzip stream all the same.
type cut struct {
	groups []group
	whole  func() []byte // all of it, nobody's marks on it
	room   int           // about as much as it takes
}

// piece is an article, or what stands between two.
type piece struct {
	post  int // of the page's; -1: none
	plain []byte
}

// group is some pieces in a row, and both ways to send them: together, which takes less
// room, and one by one. Each is made when the first asks.
type group struct {
	pieces   []piece
	together func() []byte
	apart    func() [][]byte
}

// groupSize is how many pieces are packed together: all but a few groups of a page are as
// they were.
const groupSize = 8

// newCut cuts a page at its articles; nil: they are not where they should be.
func newCut(page []byte, posts []board.Post) *cut {
	var pieces []piece
	at := 0
	add := func(post, end int) {
		if end > at {
			pieces = append(pieces, piece{post, page[at:end]})
			at = end
		}
	}
	for i, p := range posts {
		begin, end := article(page[at:], p.ID)
		if end < 0 {
			return nil
		}
		begin, end = at+begin, at+end
		add(-1, begin)
		add(i, end)
	}
	add(-1, len(page))
	c := &cut{room: len(page) / 2, whole: sync.OnceValue(func() []byte {
		return gzipEnd(append(gzipBegin(len(page)/2), packed(page)...), crc32.ChecksumIEEE(page), len(page))
	})}
	for some := range slices.Chunk(pieces, groupSize) {
		c.groups = append(c.groups, newGroup(some))
	}
	return c
}

func newGroup(pieces []piece) group {
	return group{
		pieces: pieces,
		together: sync.OnceValue(func() []byte {
			var plain []byte
			for _, p := range pieces {
				plain = append(plain, p.plain...)
			}
			return packed(plain)
		}),
		apart: sync.OnceValue(func() [][]byte {
			list := make([][]byte, len(pieces))
			for i, p := range pieces {
				list[i] = packed(p.plain)
			}
			return list
		}),
	}
}

// article is where a post's begins and ends on a page. What people wrote holds no tag.
func article(page []byte, id board.PostID) (begin, end int) {
	named := bytes.Index(page, []byte(` id="p-`+id.String()+`"`))
	if named < 0 {
		return 0, -1
	}
	begin = bytes.LastIndex(page[:named], []byte("<article"))
	length := bytes.Index(page[named:], []byte(articleEnd))
	if begin < 0 || length < 0 {
		return 0, -1
	}
	return begin, named + length + len(articleEnd)
}

const articleEnd = "</article>"

// with is the page with other articles in the place of some, by post. They are not packed:
// it costs more than it spares.
func (c *cut) with(articles map[int][]byte) []byte {
	blocks := gzipBegin(c.room)
	sum, size := uint32(0), 0
	for _, g := range c.groups {
		same := true
		for _, p := range g.pieces {
			plain, other := articles[p.post]
			if !other {
				plain = p.plain
			}
			same = same && !other
			sum = crc32.Update(sum, crc32.IEEETable, plain)
			size += len(plain)
		}
		if same {
			blocks = append(blocks, g.together()...)
		} else {
			blocks = g.mixed(blocks, articles)
		}
	}
	return gzipEnd(blocks, sum, size)
}

// mixed appends a group some of whose articles are others.
func (g group) mixed(blocks []byte, articles map[int][]byte) []byte {
	for i, own := range g.apart() {
		if other, is := articles[g.pieces[i].post]; is {
			blocks = stored(blocks, other)
		} else {
			blocks = append(blocks, own...)
		}
	}
	return blocks
}

// stored appends b as deflate blocks that are not compressed.
func stored(blocks, b []byte) []byte {
	for len(b) > 0 {
		n := min(len(b), 1<<16-1)
		blocks = binary.LittleEndian.AppendUint16(append(blocks, 0), uint16(n)) //nolint:gosec // at most that
		blocks = binary.LittleEndian.AppendUint16(blocks, ^uint16(n))           //nolint:gosec // at most that
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

// packer compresses what can be read without what was before.
type packer struct {
	to bytes.Buffer
	w  *flate.Writer
}

var packers = sync.Pool{New: func() any {
	p := &packer{}
	p.w, _ = flate.NewWriter(&p.to, flate.DefaultCompression) // a level that there is
	return p
}}

// packed is b as deflate blocks that need nothing before them, none of which is the last.
func packed(b []byte) []byte {
	p := packers.Get().(*packer) // nothing else is in there
	defer packers.Put(p)
	p.to.Reset()
	p.w.Reset(&p.to)
	_, _ = p.w.Write(b) // to memory
	_ = p.w.Flush()     // to the end of a byte
	return bytes.Clone(p.to.Bytes())
}
