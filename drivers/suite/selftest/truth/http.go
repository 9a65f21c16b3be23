//go:build linux

package truth

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite/loadgen/socket"
)

func (t *Server) accept() {
	for {
		fd, _, err := unix.Accept4(t.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return // there is none left; a client that gets none fails
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		_ = socket.Stamped(fd)
		if t.watch(fd) != nil {
			unix.Close(fd)
			continue
		}
		t.conns[fd] = &peer{fd: fd}
	}
}

func (t *Server) read(p *peer) {
	piece, stamp, err := t.recv.Read(p.fd)
	if errors.Is(err, unix.EAGAIN) {
		return
	}
	if err != nil || len(piece) == 0 {
		delete(t.conns, p.fd)
		unix.Close(p.fd)
		p.fd = -1
		return
	}
	now, ahead := t.clock.Now()
	if p.arrived = now; stamp > 0 {
		p.arrived = min(now, stamp-ahead)
	}
	p.in = append(p.in, piece...)
	if head, body, ok := whole(p.in); ok {
		t.answer(p, head, body)
		p.in = p.in[:0]
	}
}

// whole splits a request into head and body; false when it is not complete.
func whole(in []byte) (head, body string, ok bool) {
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return "", "", false
	}
	head = string(in[:end])
	length, _ := strconv.Atoi(header(head, "content-length"))
	if len(in) < end+4+length {
		return "", "", false
	}
	return head, string(in[end+4 : end+4+length]), true
}

func header(head, name string) string {
	for line := range strings.SplitSeq(head, "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// answer serves completions, POST with a Content-Length, GET /v1/models, /health and /truth: the record of all requests so far.
func (t *Server) answer(p *peer, head, body string) {
	switch {
	case strings.HasPrefix(head, "POST /v1/"):
		t.begin(p, head, body)
	case strings.HasPrefix(head, "GET /v1/models "):
		t.document(p, "200 OK", `{"object":"list","data":[{"id":"`+Model+`","owned_by":"selftest"}]}`)
	case strings.HasPrefix(head, "GET /health "):
		t.document(p, "200 OK", "")
	case strings.HasPrefix(head, "GET /truth "):
		t.document(p, "200 OK", string(t.record))
		t.record = t.record[:0]
	default:
		t.document(p, "404 Not Found", "no such document")
	}
}

func (t *Server) document(p *peer, status, text string) {
	out := fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(text), text)
	for wait := 0; len(out) > 0 && wait < 1000; { // a long record needs more than one write; nothing is measured now
		n, err := unix.Write(p.fd, out)
		if err != nil {
			time.Sleep(time.Millisecond)
			wait++
			continue
		}
		out = out[n:]
	}
}

// asked is the max_tokens of a request.
func asked(body string) int {
	_, rest, _ := strings.Cut(body, `"max_tokens":`)
	rest = strings.TrimLeft(rest, " ")
	n := 0
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = 10*n + int(c-'0')
	}
	return max(1, n)
}

const start = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"

var (
	plainToken, lastToken         = chunked(event("null")), chunked(event(`"length"`))
	plainChatToken, lastChatToken = chunked(chatEvent("null")), chunked(chatEvent(`"length"`))
)

func token(last, chat bool) []byte {
	switch {
	case chat && last:
		return lastChatToken
	case chat:
		return plainChatToken
	case last:
		return lastToken
	}
	return plainToken
}

func event(finish string) string {
	return `data: {"id":"cmpl-0123456789abcdef","object":"text_completion","created":1700000000,"model":"` + Model +
		`","choices":[{"index":0,"text":" word","logprobs":null,"finish_reason":` + finish + `,"stop_reason":null}],"usage":null}` + "\n\n"
}

func chatEvent(finish string) string {
	return `data: {"id":"chatcmpl-0123456789abcdef","object":"chat.completion.chunk","created":1700000000,"model":"` + Model +
		`","choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":` + finish + `}],"usage":null}` + "\n\n"
}

func ending(tokens int) []byte {
	usage := fmt.Sprintf(`data: {"id":"cmpl-0123456789abcdef","object":"text_completion","created":1700000000,"model":"%s","choices":[],"usage":{"prompt_tokens":8,"total_tokens":%d,"completion_tokens":%d}}`+"\n\n", Model, tokens+8, tokens)
	return append(append(chunked(usage), chunked("data: [DONE]\n\n")...), "0\r\n\r\n"...)
}

func chunked(s string) []byte { return fmt.Appendf(nil, "%x\r\n%s\r\n", len(s), s) }
