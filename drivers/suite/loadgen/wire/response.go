//go:build linux

package wire

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
)

// The parts of an answer, in order.
const (
	inHead = iota
	inSized
	inChunkSize
	inChunk
	inChunkEnd
	inTrailer
	untilClose
	complete
)

// next is what follows a body of known length.
var next = map[int]int{inSized: complete, inChunk: inChunkEnd}

const (
	maxHead      = 64 << 10
	maxErrorBody = 4 << 10  // what is kept of it
	maxErrorRead = 64 << 10 // what is waited for of it
)

// response parses an HTTP/1.1 answer as it arrives. The body of a success goes to the stream; of any other status the
// beginning is kept for the message.
type response struct {
	stream  sse.Stream
	part    int
	status  int
	left    int64  // bytes of the body, or of the chunk
	head    []byte // the head as far as it has arrived, or a line of the chunking
	other   []byte // the body of a failure
	closing bool   // the server will close the connection
	ended   time.Duration

	room, limit int64 // bytes that can still come, framing included, of so many
	budget      *bounded.Budget
	failed      int64 // bytes of the body of a failure
}

func (r *response) start(events int, limit int64, budget *bounded.Budget) {
	*r = response{stream: r.stream, head: r.head[:0], other: r.other[:0], room: limit, limit: limit, budget: budget}
	r.stream.Start(events)
}

// feed takes the next piece. When the part is complete, or after a failure, the answer has ended.
func (r *response) feed(piece []byte, at time.Duration) *suite.Failure {
	if r.room -= int64(len(piece)); r.room < 0 {
		return suite.Failed(&bounded.TooLarge{Limit: r.limit})
	}
	if err := r.budget.Take(int64(len(piece))); err != nil {
		return suite.Failed(err)
	}
	for len(piece) > 0 && r.part != complete {
		var f *suite.Failure
		switch r.part {
		case inHead:
			piece, f = r.feedHead(piece)
		case inSized, inChunk:
			n := min(int64(len(piece)), r.left)
			f = r.body(piece[:n], at)
			piece = piece[n:]
			if r.left -= n; r.left == 0 {
				r.part = next[r.part]
			}
		case untilClose:
			f = r.body(piece, at)
			piece = nil
		case inChunkSize:
			if body, n := wholeChunk(piece); n > 0 && len(r.head) == 0 {
				f = r.body(body, at)
				piece = piece[n:]
				break
			}
			piece, f = r.feedLine(piece)
		default:
			piece, f = r.feedLine(piece)
		}
		if f != nil {
			return f
		}
	}
	return nil
}

// wholeChunk is the chunk that a piece begins with and its length with what is around it; 0 when it is not there in full, is the
// last one, or has anything unusual.
func wholeChunk(piece []byte) (body []byte, n int) {
	size, i := 0, 0
	for ; i < len(piece) && i < 6; i++ {
		d := digits[piece[i]]
		if d == 0 {
			break
		}
		size = size<<4 | int(d-1)
	}
	from, to := i+2, i+2+size
	if size == 0 || to+2 > len(piece) || piece[i] != '\r' || piece[i+1] != '\n' || piece[to] != '\r' || piece[to+1] != '\n' {
		return nil, 0
	}
	return piece[from:to], to + 2
}

// digits are the values of hexadecimal digits, plus one.
var digits = func() (out [256]byte) {
	for i, c := range []byte("0123456789abcdef") {
		out[c] = byte(i) + 1
	}
	for i, c := range []byte("ABCDEF") {
		out[c] = byte(i) + 11
	}
	return out
}()

func (r *response) body(b []byte, at time.Duration) *suite.Failure {
	if r.status != 200 {
		r.other = append(r.other, b[:min(len(b), maxErrorBody-len(r.other))]...)
		if r.failed += int64(len(b)); r.failed > maxErrorRead {
			return suite.FailedStatus(r.status, r.other)
		}
		return nil
	}
	was := r.stream.Done
	f := r.stream.Feed(b, at)
	if r.stream.Done && !was {
		r.ended = at
	}
	return f
}

// feedHead takes the head up to its empty line, and returns the rest of the piece.
func (r *response) feedHead(piece []byte) ([]byte, *suite.Failure) {
	from := max(0, len(r.head)-3)
	had := len(r.head)
	r.head = append(r.head, piece[:min(len(piece), maxHead)]...)
	end := bytes.Index(r.head[from:], []byte("\r\n\r\n"))
	if end < 0 {
		if len(r.head) >= maxHead {
			return nil, malformed("a head of more than %d bytes", maxHead)
		}
		return nil, nil
	}
	end += from
	rest := piece[end+4-had:]
	f := r.readHead(string(r.head[:end]))
	r.head = r.head[:0]
	return rest, f
}

func (r *response) readHead(head string) *suite.Failure {
	status, fields, _ := strings.Cut(head, "\r\n")
	version, code, _ := strings.Cut(status, " ")
	code, _, _ = strings.Cut(code, " ")
	n, err := strconv.Atoi(code)
	if !strings.HasPrefix(version, "HTTP/1.") || err != nil || n < 100 {
		return malformed("the status line %.80q", status)
	}
	if n < 200 {
		return nil // informational: the answer is still to come
	}
	r.status, r.part, r.closing = n, untilClose, version == "HTTP/1.0"
	chunked := false
	for fields != "" {
		var line string
		line, fields, _ = strings.Cut(fields, "\r\n")
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch {
		case strings.EqualFold(name, "Content-Length"):
			if r.left, err = strconv.ParseInt(value, 10, 64); err != nil || r.left < 0 {
				return malformed("the length %.80q", value)
			}
			r.part = inSized
		case strings.EqualFold(name, "Transfer-Encoding"):
			if !strings.EqualFold(value, "chunked") {
				return malformed("the transfer encoding %.80q", value)
			}
			chunked = true
		case strings.EqualFold(name, "Connection"):
			r.closing = strings.EqualFold(value, "close")
		}
	}
	switch {
	case chunked:
		r.part = inChunkSize
	case r.part == inSized && r.left == 0, n == 204, n == 304:
		r.part = complete
	}
	return nil
}

// feedLine takes a line of the chunking: a size, the empty line behind a chunk, or the trailer.
func (r *response) feedLine(piece []byte) ([]byte, *suite.Failure) {
	end := bytes.IndexByte(piece, '\n')
	if end < 0 {
		if r.head = append(r.head, piece...); len(r.head) > maxHead {
			return nil, malformed("a line of more than %d bytes", maxHead)
		}
		return nil, nil
	}
	line := piece[:end]
	if len(r.head) > 0 {
		r.head = append(r.head, line...)
		line = r.head
	}
	line = bytes.TrimSuffix(line, []byte("\r"))
	f := r.readLine(line)
	r.head = r.head[:0]
	return piece[end+1:], f
}

func (r *response) readLine(line []byte) *suite.Failure {
	switch r.part {
	case inChunkEnd:
		if len(line) > 0 {
			return malformed("%.40q behind a chunk", line)
		}
		r.part = inChunkSize
	case inTrailer:
		if len(line) == 0 {
			r.part = complete
		}
	case inChunkSize:
		n, ok := hex(line)
		if !ok {
			return malformed("the chunk size %.40q", line)
		}
		r.left, r.part = n, inChunk
		if n == 0 {
			r.part = inTrailer
		}
	}
	return nil
}

// hex reads a chunk's size; what follows a semicolon is an extension.
func hex(b []byte) (n int64, ok bool) {
	for _, c := range b {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | int64(c-'0')
		case 'a' <= c && c <= 'f':
			n = n<<4 | int64(c-'a'+10)
		case 'A' <= c && c <= 'F':
			n = n<<4 | int64(c-'A'+10)
		case c == ';' || c == ' ':
			return n, ok
		default:
			return 0, false
		}
		if ok = true; n > 1<<40 {
			return 0, false
		}
	}
	return n, ok
}

// closed is called when the server closes the connection. It returns nil when that was the proper end of the answer, or when the
// stream had ended before: what is missing then is of the framing, and no part of the answer.
func (r *response) closed() *suite.Failure {
	if r.closing = true; r.part == untilClose || r.stream.Done {
		r.part = complete
		return r.verdict()
	}
	return suite.Failed(fmt.Errorf("the server closed the connection inside the answer, after %d events: %w", len(r.stream.Events), io.ErrUnexpectedEOF))
}

// verdict judges a complete answer.
func (r *response) verdict() *suite.Failure {
	if r.status != 200 {
		return suite.FailedStatus(r.status, r.other)
	}
	return r.stream.Verdict()
}

func malformed(format string, args ...any) *suite.Failure {
	return &suite.Failure{Kind: "bad_http", Message: "the answer is not HTTP/1.1: it has " + fmt.Sprintf(format, args...)}
}
