package pictures

import "encoding/binary"

// orientation says how a picture is stored: 1 to 8, as EXIF counts.
type orientation uint8

// asStored is how a picture stands that says nothing of it.
const asStored orientation = 1

// turns says whether width and height change places.
func (o orientation) turns() bool { return o >= 5 }

// place returns where the pixel at x, y of a stored picture of w × h stands in
// the upright one.
func (o orientation) place(x, y, w, h int) (int, int) {
	switch o { //nolint:exhaustive // the rest stands as it is stored
	case 2: // mirrored
		return w - 1 - x, y
	case 3: // on its head
		return w - 1 - x, h - 1 - y
	case 4: // on its head, mirrored
		return x, h - 1 - y
	case 5: // on its left side, mirrored
		return y, x
	case 6: // on its left side
		return h - 1 - y, x
	case 7: // on its right side, mirrored
		return h - 1 - y, w - 1 - x
	case 8: // on its right side
		return y, w - 1 - x
	}
	return x, y
}

// exifOrientation finds the orientation in a TIFF block, as EXIF is: the first
// directory's entry 0x0112, one SHORT. Whatever is odd about the block, the
// picture then stands as it is stored.
func exifOrientation(tiff []byte) orientation {
	if len(tiff) < 8 {
		return asStored
	}
	var order binary.ByteOrder = binary.LittleEndian
	switch string(tiff[:4]) {
	case "II*\x00":
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return asStored
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return asStored
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return asStored
		}
		tag, kind, count := order.Uint16(entries), order.Uint16(entries[2:]), order.Uint32(entries[4:])
		if tag == 0x0112 {
			if v := order.Uint16(entries[8:]); kind == 3 && count == 1 && 1 <= v && v <= 8 {
				return orientation(v)
			}
			return asStored
		}
		entries = entries[12:]
	}
	return asStored
}
