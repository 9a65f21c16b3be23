package gateway

import (
	"bufio"
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	mostOfHead     = 64 << 10 // bytes of the head of a server's answer
	mostOfInterims = 5        // answers that say "go on", as net/http
)

var errHead = errors.New("the head of the server's answer cannot be read")

// framing passes one answer on: it reads where the answer ends, and says it anew to the client, so that nothing of how a server
// frames its answers gets through.
type framing struct {
	head     []byte // until it is whole
	interims int
	code     int // 0: the head is not whole
	chunked  bool
	toEnd    bool  // of the connection
	left     int64 // bytes, when neither
	done     bool
	last     bool // the server says that the connection ends here
	chunks   chunks
	data     []byte // of one piece
}

// pass appends to dst what a client gets for a piece of an answer. Once the answer is done, the rest is what follows it. A last answer
// of a connection is marked as such for the client.
func (f *framing) pass(dst, piece []byte, last bool) (out, rest []byte, err error) {
	if f.code == 0 {
		if piece, err = f.begin(piece); err != nil || f.code == 0 {
			return dst, nil, err
		}
		if dst, err = f.appendHead(dst, last); err != nil {
			return dst, nil, err
		}
	}
	if f.done {
		return dst, piece, nil
	}
	if !f.chunked && !f.toEnd {
		n := min(int64(len(piece)), f.left)
		f.left -= n
		f.done = f.left == 0
		return append(dst, piece[:n]...), piece[n:], nil
	}
	data, rest := piece, []byte(nil)
	if f.chunked {
		f.data, rest, err = f.chunks.decode(f.data[:0], piece)
		data = f.data
	}
	if len(data) > 0 {
		dst = append(strconv.AppendInt(dst, int64(len(data)), 16), "\r\n"...)
		dst = append(append(dst, data...), "\r\n"...)
	}
	if f.chunks.state == atEnd && err == nil {
		f.done, dst = true, append(dst, lastChunk...)
	}
	return dst, rest, err
}

const lastChunk = "0\r\n\r\n"

// end appends what is due when the connection has ended; false when the answer has not.
func (f *framing) end(dst []byte) ([]byte, bool) {
	if f.code == 0 || !f.toEnd {
		return dst, false
	}
	f.done = true
	return append(dst, lastChunk...), true
}

// begin collects the head of an answer. It returns what follows it.
func (f *framing) begin(piece []byte) (rest []byte, err error) {
	f.head = append(f.head, piece...)
	for {
		n := headEnd(f.head)
		if n > mostOfHead || n == 0 && len(f.head) > mostOfHead {
			return nil, errHead
		}
		if n == 0 {
			return nil, nil
		}
		switch code, err := statusOf(f.head[:n]); {
		case err != nil:
			return nil, err
		case code >= 200:
			f.head, f.code, rest = f.head[:n], code, f.head[n:]
			return rest, nil
		case code == http.StatusSwitchingProtocols || f.interims == mostOfInterims:
			return nil, errHead
		}
		f.interims++
		f.head = f.head[n:]
	}
}

// headEnd is how long a head is, with the empty line behind it; 0 when it is not whole.
func headEnd(b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		at += i + 1
		if bytes.HasPrefix(b[at:], []byte("\n")) {
			return at + 1
		}
		if bytes.HasPrefix(b[at:], []byte("\r\n")) {
			return at + 2
		}
	}
}

// statusOf is the status in a head. The rest of it is read by net/http.
func statusOf(head []byte) (int, error) {
	_, after, _ := bytes.Cut(head, []byte(" "))
	after = bytes.TrimLeft(after, " ")
	if len(after) < 3 {
		return 0, errHead
	}
	code, err := strconv.Atoi(string(after[:3]))
	if err != nil || code < 100 {
		return 0, errHead
	}
	return code, nil
}

// asPost is what net/http has to know of the request to read its answer.
var asPost = &http.Request{Method: http.MethodPost}

// appendHead reads the head, and appends that for the client.
func (f *framing) appendHead(dst []byte, last bool) ([]byte, error) {
	from := bytes.NewReader(f.head)
	in := bufio.NewReaderSize(from, 512)
	resp, err := http.ReadResponse(in, asPost)
	if err != nil || from.Len()+in.Buffered() > 0 || resp.StatusCode != f.code {
		return dst, errHead
	}
	f.head = nil
	f.chunked, f.last = len(resp.TransferEncoding) > 0, resp.Close || !resp.ProtoAtLeast(1, 1)
	bodiless := f.code == http.StatusNoContent || f.code == http.StatusNotModified
	f.toEnd, f.left = !f.chunked && resp.ContentLength < 0 && !bodiless, max(0, resp.ContentLength)
	f.done = bodiless || !f.chunked && !f.toEnd && f.left == 0
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(strconv.AppendInt(dst, int64(f.code), 10), ' ')
	dst = append(append(dst, http.StatusText(f.code)...), "\r\n"...)
	forgetHop(resp.Header)
	to := appender{dst}
	if err := resp.Header.WriteSubset(&to, hopByHop); err != nil {
		return dst, err
	}
	dst = to.b
	if resp.Header.Get("Date") == "" {
		dst = append(time.Now().UTC().AppendFormat(append(dst, "Date: "...), http.TimeFormat), "\r\n"...)
	}
	switch {
	case bodiless:
	case f.chunked || f.toEnd:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	default:
		dst = append(strconv.AppendInt(append(dst, "Content-Length: "...), f.left, 10), "\r\n"...)
	}
	if last {
		dst = append(dst, "Connection: close\r\n"...)
	}
	return append(dst, "\r\n"...), nil
}

// hopByHop are the fields that concern one connection alone.
var hopByHop = map[string]bool{"Connection": true, "Proxy-Connection": true, "Keep-Alive": true, "Proxy-Authenticate": true, "Proxy-Authorization": true, "Te": true,
	"Trailer": true, "Transfer-Encoding": true, "Upgrade": true, "Content-Length": true}

// forgetHop removes the fields that Connection names.
func forgetHop(h http.Header) {
	for _, v := range h["Connection"] {
		for name := range strings.SplitSeq(v, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
}

// appender writes to memory.
type appender struct{ b []byte }

func (a *appender) Write(b []byte) (int, error)       { a.b = append(a.b, b...); return len(b), nil }
func (a *appender) WriteString(s string) (int, error) { a.b = append(a.b, s...); return len(s), nil }
