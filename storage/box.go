package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"mayfly/board"
)

// A box is AES-256-GCM under a key of its own: a random nonce, then the name's 6
// bytes, the text, and what else there is, each behind fieldMark and a letter. It
// is bound to id ‖ part, so that a box opens in its own place only. A picture's
// images are boxes of their own (pictures.go).
const partText = "text"

// fieldMark parts the fields of a box. It is a control character, so no text that
// board has cleaned holds it.
const (
	fieldMark     = "\x1f"
	fieldWarning  = 'w'
	fieldBackdrop = 'b'
	fieldAlt      = 'a'
	fieldPicture  = 'p' // pictureForm
	fieldPlace    = 'l'
	fieldTo       = 't'
	fieldSign     = 's'
	fieldAsks     = 'c'
)

// pictureForm is a picture's sides, its thumbnail's, and its colour.
const pictureForm = "%d %d %d %d %s"

var errBox = errors.New("the box does not open")

func seal(key board.Key, p board.Post) ([]byte, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return nil, err
	}
	plain := pack(p)
	defer clear(plain)
	return aead.Seal(nil, nil, plain, aad(p.ID, partText)), nil
}

// unseal gives a post that holds what was in the box, and nothing else.
func unseal(key board.Key, id board.PostID, box []byte) (board.Post, error) {
	aead, err := newAEAD(key)
	if err != nil {
		return board.Post{}, err
	}
	plain, err := aead.Open(nil, nil, box, aad(id, partText))
	if err != nil || len(plain) < nameBytes {
		return board.Post{}, errBox
	}
	defer clear(plain)
	return unpack(plain), nil
}

const nameBytes = 6

func pack(p board.Post) []byte {
	name := p.Name.Bytes()
	plain := append(name[:], p.Body...)
	add := func(letter byte, text string) {
		if text != "" {
			plain = append(append(append(plain, fieldMark...), letter), text...)
		}
	}
	add(fieldWarning, p.Warning)
	add(fieldBackdrop, p.Backdrop)
	if pic := p.Picture; pic != nil {
		add(fieldPicture, fmt.Sprintf(pictureForm, pic.Width, pic.Height, pic.ThumbWidth, pic.ThumbHeight, pic.Colour))
		add(fieldAlt, pic.Alt)
	}
	add(fieldPlace, p.Place)
	if p.To != (board.PostID{}) {
		add(fieldTo, p.To.String())
	}
	if p.Sign != (board.Sign{}) {
		add(fieldSign, p.Sign.String())
	}
	if p.Asks != nil {
		add(fieldAsks, base64.RawURLEncoding.EncodeToString(slices.Concat(p.Asks.Key[:], p.Asks.Token[:])))
	}
	return plain
}

func unpack(plain []byte) board.Post {
	fields := strings.Split(string(plain[nameBytes:]), fieldMark)
	p := board.Post{Name: board.NameFromBytes([nameBytes]byte(plain)), Body: fields[0]}
	for _, f := range fields[1:] {
		if f == "" {
			continue
		}
		switch f[0] {
		case fieldWarning:
			p.Warning = f[1:]
		case fieldBackdrop:
			p.Backdrop = f[1:]
		case fieldPicture:
			p.Picture = parsePicture(f[1:])
		case fieldAlt: // follows its picture
			if p.Picture != nil {
				p.Picture.Alt = f[1:]
			}
		case fieldPlace:
			p.Place = f[1:]
		case fieldTo:
			p.To, _ = board.ParsePostID(f[1:]) // sealed by pack, so it is one
		case fieldSign:
			p.Sign = board.ParseSign(f[1:])
		case fieldAsks:
			p.Asks = parseAsks(f[1:])
		}
	}
	return p
}

// parseAsks reads what pack wrote; nil is nobody may ask.
func parseAsks(text string) *board.Askable {
	var a board.Askable
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(raw) != len(a.Key)+len(a.Token) {
		return nil
	}
	a.Key, a.Token = [65]byte(raw), [32]byte(raw[len(a.Key):])
	return &a
}

// parsePicture reads what pack wrote; nil is no picture.
func parsePicture(text string) *board.Picture {
	var pic board.Picture
	if _, err := fmt.Sscanf(text, pictureForm, &pic.Width, &pic.Height, &pic.ThumbWidth, &pic.ThumbHeight, &pic.Colour); err != nil {
		return nil
	}
	return &pic
}

func newAEAD(key board.Key) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

func aad(id board.PostID, part string) []byte {
	return append(id[:], part...)
}
