package gateway

import "errors"

// chunks takes the chunked transfer coding off an answer, piece by piece as it comes. It refuses what net/http refuses; extensions
// and trailers are left out, as a proxy may.
type chunks struct {
	state  chunkState
	left   uint64 // bytes of the chunk
	digits int    // of its size
	line   int    // bytes of its size's line, or of the trailers
	excess int64  // bytes that are no data, beyond what so much data may have
}

type chunkState byte

const (
	inSize chunkState = iota
	inPadding
	inExtension
	atSizeEnd
	inData
	atDataCR
	atDataLF
	atTrailer // at the beginning of a line
	inTrailer
	atTrailerEnd
	atLastLF
	atEnd
)

const (
	mostOfLine   = 4 << 10  // bytes of a size with its extension, and of all trailers
	mostOfExcess = 16 << 10 // as net/http
)

var errChunk = errors.New("the server's answer is not chunked as it should be")

// decode appends the data in a piece to dst. The rest is what follows the end of the answer, once the state is atEnd.
func (c *chunks) decode(dst, piece []byte) (out, rest []byte, err error) {
	for len(piece) > 0 && c.state != atEnd {
		if c.state == inData {
			n := min(uint64(len(piece)), c.left)
			dst, piece = append(dst, piece[:n]...), piece[n:]
			if c.left -= n; c.left == 0 {
				c.state = atDataCR
			}
			continue
		}
		if err := c.step(piece[0]); err != nil {
			return dst, nil, err
		}
		piece = piece[1:]
	}
	return dst, piece, nil
}

// step takes one byte that is no data.
func (c *chunks) step(b byte) error {
	if c.line++; c.line > mostOfLine {
		return errChunk
	}
	switch c.state {
	case inSize, inPadding, inExtension:
		return c.size(b)
	case atSizeEnd:
		return c.sized(b)
	case atDataCR:
		return c.expect(b, '\r', atDataLF)
	case atDataLF:
		c.left, c.digits, c.line = 0, 0, 0
		return c.expect(b, '\n', inSize)
	case atTrailer:
		if c.state = inTrailer; b == '\r' {
			c.state = atLastLF
		}
	case inTrailer:
		if b == '\r' {
			c.state = atTrailerEnd
		}
	case atTrailerEnd:
		return c.expect(b, '\n', atTrailer)
	case atLastLF:
		return c.expect(b, '\n', atEnd)
	}
	if b == '\n' {
		return errChunk // alone
	}
	return nil
}

func (c *chunks) expect(b, want byte, next chunkState) error {
	if b != want {
		return errChunk
	}
	c.state = next
	return nil
}

// size takes one byte of a size's line.
func (c *chunks) size(b byte) error {
	switch {
	case b == '\n', c.digits == 0 && !hex(b):
		return errChunk
	case b == '\r':
		c.state = atSizeEnd
	case c.state == inExtension:
	case c.state == inSize && hex(b):
		if c.digits++; c.digits > 16 {
			return errChunk
		}
		c.left = c.left<<4 | uint64(hexValue(b))
	case c.state == inSize && b == ';':
		c.state = inExtension
	case b == ' ' || b == '\t':
		c.state = inPadding
	default:
		return errChunk
	}
	return nil
}

// sized takes the end of a size's line.
func (c *chunks) sized(b byte) error {
	c.excess = max(0, c.excess+int64(c.line)-16-2*int64(min(c.left, 1<<40)))
	if c.excess > mostOfExcess {
		return errChunk
	}
	c.line = 0
	if c.left == 0 {
		return c.expect(b, '\n', atTrailer)
	}
	return c.expect(b, '\n', inData)
}

func hex(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'f' }

func hexValue(b byte) byte {
	if b <= '9' {
		return b - '0'
	}
	return b | 0x20 - 'a' + 10
}
