package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"mayfly/board"
)

// part is one sealed part of a picture on its way to the disk.
type part struct {
	name board.Part
	box  []byte
}

// sealParts seals the images of a birth; a post without a picture has none.
func sealParts(key board.Key, p board.Post) ([]part, error) {
	if p.Picture == nil {
		return nil, nil
	}
	full, thumb := p.Picture.Full, p.Picture.Thumb
	if full == nil || thumb == nil {
		return nil, errors.New("a picture is born without its images")
	}
	fullBox, err := sealImage(key, p.ID, board.FullPart, *full)
	if err != nil {
		return nil, err
	}
	thumbBox, err := sealImage(key, p.ID, board.ThumbPart, *thumb)
	return []part{{board.FullPart, fullBox}, {board.ThumbPart, thumbBox}}, err
}

// sealImage seals an image in a box of its own: its type, fieldMark, its bytes.
func sealImage(key board.Key, id board.PostID, name board.Part, image board.Image) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain := make([]byte, 0, len(image.Type)+len(fieldMark)+len(image.Bytes)+aead.Overhead())
	plain = append(append(append(plain, image.Type...), fieldMark...), image.Bytes...)
	defer clear(plain)
	return aead.Seal(nil, nil, plain, aad(id, string(name))), nil
}

func unsealImage(key board.Key, id board.PostID, name board.Part, box []byte) (board.Image, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return board.Image{}, err
	}
	plain, err := aead.Open(nil, nil, box, aad(id, string(name)))
	if err != nil {
		return board.Image{}, errBox
	}
	kind, content, ok := bytes.Cut(plain, []byte(fieldMark))
	if !ok {
		return board.Image{}, errBox
	}
	return board.Image{Type: string(kind), Bytes: content}, nil
}

func sizeOf(parts []part) int {
	n := 0
	for _, p := range parts {
		n += len(p.box)
	}
	return n
}

func insertParts(ctx context.Context, q querier, post int64, parts []part) error {
	const insert = `
		INSERT INTO parts (post, part, box)
		VALUES ($1, $2, $3)`
	for _, p := range parts {
		if _, err := q.ExecContext(ctx, insert, post, string(p.name), p.box); err != nil {
			return fmt.Errorf("insert %s picture: %w", p.name, err)
		}
	}
	return nil
}

// partBox returns the box of a part of a post's picture; no row is not found.
func partBox(ctx context.Context, q querier, post int64, name board.Part) ([]byte, error) {
	const find = `
		SELECT box
		FROM parts
		WHERE post = $1 AND part = $2`
	boxes, err := all(ctx, q, func(scan scanner) (box []byte, err error) {
		err = scan(&box)
		return box, err
	}, find, post, string(name))
	if err == nil && len(boxes) == 0 {
		return nil, board.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return boxes[0], nil
}

// Picture returns a part of a post's picture. It goes through the doors that the
// post's words go through; of a view-once post Open alone gives it.
func (s *Store) Picture(ctx context.Context, id board.PostID, name board.Part, now time.Time) (board.Image, error) {
	now = s.at(now)
	var r row
	var box []byte
	err := s.read(ctx, func(ctx context.Context, q querier) (err error) {
		if r, err = postByID(ctx, q, id, now); err != nil {
			return err
		}
		if r.ViewOnce {
			return board.ErrNotFound
		}
		box, err = partBox(ctx, q, r.Seq, name)
		return err
	})
	if err != nil {
		return board.Image{}, wrap("read picture", err)
	}
	opens, err := s.opener(r, now)
	if err != nil {
		return board.Image{}, err
	}
	return s.openImage(opens, r, name, box)
}

// openImage opens the box of a part. A damaged one is no picture.
func (s *Store) openImage(o opener, r row, name board.Part, box []byte) (board.Image, error) {
	image, err := unsealImage(o.box, r.ID, name, box)
	if err != nil {
		s.log.Error("a stored picture is damaged; it is gone")
		return board.Image{}, board.ErrNotFound
	}
	return image, nil
}

// withPicture adds to a view-once post, which is being opened, the picture itself.
func (s *Store) withPicture(ctx context.Context, tx querier, o opener, r row, p board.Post) (board.Post, error) {
	if p.Picture == nil {
		return p, nil
	}
	box, err := partBox(ctx, tx, r.Seq, board.FullPart)
	if err != nil {
		return board.Post{}, err
	}
	full, err := s.openImage(o, r, board.FullPart, box)
	if err != nil {
		return board.Post{}, err
	}
	p.Picture.Full = &full
	return p, nil
}
