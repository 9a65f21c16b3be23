package gateway

import (
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// straight sends a request to a server on a kept connection, and leaves its answer, with the client's connection, to lines. False
// when it is not one for that, and nothing was sent: then the reverse proxy has it.
func (g *Gateway) straight(w http.ResponseWriter, r *http.Request, a *asked) bool {
	c := clientOf(r)
	if c == nil || !plain(r) {
		return false
	}
	s, _ := g.pool.take(a.model, nil)
	if s == nil {
		return false
	}
	if !s.straight(a.body) || !g.AddKey && !may(r, s) {
		g.pool.leave(s)
		return false
	}
	to := appender{g.appendLine(nil, s, r.URL.Path)}
	if r.Header.WriteSubset(&to, g.dropped(s)) != nil {
		g.pool.leave(s)
		return false
	}
	x := &exchange{server: s, at: a.at}
	head := g.appendRest(to.b, s, c.from, r.Host, len(a.body))
	if sent, refused := c.lines.send(r.Context(), x, append(head, a.body...)); !sent {
		if refused && r.Context().Err() == nil {
			g.pool.give(s, true)
			g.meters.again.Inc()
		} else {
			g.pool.leave(s)
		}
		return false
	}
	_, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		c.lines.abandon(x)
		return true
	}
	early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	c.lines.attach(x, c, early)
	return true
}

// plain reports whether a request says nothing that lines does not understand. What it does not is the reverse proxy's.
func plain(r *http.Request) bool {
	for _, name := range []string{"Upgrade", "Te", "Trailer", "Expect"} {
		if r.Header[name] != nil {
			return false
		}
	}
	for _, v := range r.Header["Connection"] {
		if !strings.EqualFold(v, "keep-alive") {
			return false
		}
	}
	u := r.URL
	return r.Method == http.MethodPost && r.ProtoMajor == 1 && r.ProtoMinor == 1 && !r.Close && plainPath(u.Path) && u.Host == "" && u.Opaque == "" && u.RawQuery == "" &&
		!u.ForceQuery && u.RawPath == "" && plainValue(r.Host)
}

// plainPath reports whether a path is written as it is meant.
func plainPath(path string) bool {
	if len(path) < 2 || path[0] != '/' || path[1] == '/' || strings.HasPrefix(path, "/-/") {
		return false
	}
	for i := range len(path) {
		if b := path[i]; !letter(b) && strings.IndexByte("/._~-", b) < 0 {
			return false
		}
	}
	return true
}

func letter(b byte) bool { return b >= '0' && b <= '9' || b|0x20 >= 'a' && b|0x20 <= 'z' }

func plainValue(v string) bool {
	for i := range len(v) {
		if b := v[i]; b != '\t' && (b < ' ' || b > '~') {
			return false
		}
	}
	return true
}

// straight reports whether a server is one whose connections are kept behind such answers.
func (s *server) straight(body []byte) bool {
	return len(body) <= mostOfStraight && s.at.Scheme == "http" && plainValue(s.secret) && !strings.Contains(s.at.Host, "%") && !s.ends.closes.Load() && s.ends.kinds[kind(body)].keeps.Load()
}

// setHere are the fields of a request that the gateway sets itself, or that concern the client's connection alone.
var setHere = func() map[string]bool {
	all := maps.Clone(hopByHop)
	for _, name := range []string{"Host", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		all[name] = true
	}
	return all
}()

var setHereWithKey = func() map[string]bool {
	all := maps.Clone(setHere)
	all["Authorization"] = true
	return all
}()

// dropped are the fields that are not passed on to a server.
func (g *Gateway) dropped(s *server) map[string]bool {
	if g.AddKey && s.secret != "" {
		return setHereWithKey
	}
	return setHere
}

func (g *Gateway) appendLine(dst []byte, s *server, path string) []byte {
	dst = append(append(append(dst, "POST "...), path...), " HTTP/1.1\r\nHost: "...)
	return append(append(dst, s.at.Host...), "\r\n"...)
}

// appendRest appends the fields that the gateway sets.
func (g *Gateway) appendRest(dst []byte, s *server, from, host string, length int) []byte {
	if g.AddKey && s.secret != "" {
		dst = append(append(append(dst, "Authorization: Bearer "...), s.secret...), "\r\n"...)
	}
	dst = append(append(dst, "X-Forwarded-For: "...), from...)
	dst = append(append(dst, "\r\nX-Forwarded-Host: "...), host...)
	dst = append(dst, "\r\nX-Forwarded-Proto: http\r\nContent-Length: "...)
	return append(strconv.AppendInt(dst, int64(length), 10), "\r\n\r\n"...)
}

// next is a request on a connection that lines has.
type next struct {
	path, host string
	fields     []byte // as they came
	header     http.Header
	body       []byte
}

const (
	mostOfStraight  = 1 << 20  // bytes of a body: it is copied
	mostOfNext      = 16 << 10 // bytes of a request that lines reads itself
	mostToRoute     = 4 << 10  // bytes of a body in which lines looks for the model
	postLine        = "POST "
	versionOfPosts  = " HTTP/1.1"
	mostFieldsOfOne = 64
)

// nextOf reads a request that is there whole and is one of the plainest. False for all others: net/http reads them, and refuses what
// is to be refused.
func nextOf(in []byte) (n next, ok bool) {
	if len(in) > mostOfNext {
		return n, false
	}
	end := bytes.Index(in, []byte("\r\n\r\n"))
	if end < 0 {
		return n, false
	}
	line, rest, _ := bytes.Cut(in[:end+2], crlf)
	line, isPost := bytes.CutPrefix(line, []byte(postLine))
	line, isOne := bytes.CutSuffix(line, []byte(versionOfPosts))
	if n.path = string(line); !isPost || !isOne || !plainPath(n.path) {
		return n, false
	}
	n.body, n.fields = in[end+4:], rest
	length := -1
	for fields := 0; len(rest) > 0; fields++ {
		line, rest, _ = bytes.Cut(rest, crlf)
		name, value, found := bytes.Cut(line, []byte(":"))
		if !found || fields == mostFieldsOfOne || !plainName(name) {
			return n, false
		}
		text := string(bytes.Trim(value, " \t"))
		if !plainValue(text) || !n.field(http.CanonicalHeaderKey(string(name)), text, &length) {
			return n, false
		}
	}
	return n, n.host != "" && length == len(n.body)
}

var crlf = []byte("\r\n")

func plainName(name []byte) bool {
	for _, b := range name {
		if !letter(b) && b != '-' && b != '_' {
			return false
		}
	}
	return len(name) > 0
}

// appendFields appends the fields that are passed on.
func (n *next) appendFields(dst []byte, dropped map[string]bool) []byte {
	for rest := n.fields; len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, crlf)
		name, _, _ := bytes.Cut(line, []byte(":"))
		if !dropped[http.CanonicalHeaderKey(string(name))] {
			dst = append(append(dst, line...), crlf...)
		}
	}
	return dst
}

// field takes note of a field; false when it is one that lines does not understand.
func (n *next) field(name, value string, length *int) bool {
	switch name {
	case "Host":
		if n.host != "" || value == "" || strings.ContainsFunc(value, func(r rune) bool { return !letter(byte(r)) && !strings.ContainsRune(".:-[]", r) }) {
			return false
		}
		n.host = value
	case "Content-Length":
		v, err := strconv.Atoi(value)
		if err != nil || *length >= 0 || v < 0 || !letter(value[0]) || len(value) > 6 {
			return false
		}
		*length = v
	case "Connection":
		return strings.EqualFold(value, "keep-alive")
	case "Authorization", "X-Chroma-Token":
		if n.header[name] != nil {
			return false
		}
		if n.header == nil {
			n.header = http.Header{}
		}
		n.header[name] = []string{value}
	case "Transfer-Encoding", "Upgrade", "Te", "Trailer", "Expect", "Keep-Alive", "Proxy-Connection":
		return false
	}
	return true
}

// chosen is the server of a request on a connection that lines has; nil when there is none at once, or the request is refused: net/http
// has it then, which says why.
func (g *Gateway) chosen(n *next) *server {
	l := g.pool.now()
	r := &http.Request{Method: http.MethodPost, URL: &url.URL{Path: n.path}, Header: n.header}
	model := ""
	if l.several {
		if len(n.body) > mostToRoute {
			return nil
		}
		var no *refusal
		if model, no = route(r, l, n.body); no != nil {
			return nil
		}
	}
	s, _ := g.pool.take(model, nil)
	if s == nil {
		return nil
	}
	if !s.straight(n.body) || !g.AddKey && !may(r, s) {
		g.pool.leave(s)
		return nil
	}
	return s
}
