package parent

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
)

const maxHead = 64 << 10 // bytes of a first request before its body

var errHead = errors.New("no request")

// readHead reads until the head of the first request is complete. Bytes are all that was read, which can hold a part of the
// body.
func readHead(r io.Reader) (head []byte, req *http.Request, err error) {
	buf := make([]byte, 0, 4<<10)
	for {
		if len(buf) == cap(buf) {
			if len(buf) >= maxHead {
				return nil, nil, errHead
			}
			buf = append(make([]byte, 0, 4*cap(buf)), buf...)
		}
		from := max(0, len(buf)-3)
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if bytes.Contains(buf[from:], []byte("\r\n\r\n")) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
	}
	req, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(buf)))
	return buf, req, err
}
