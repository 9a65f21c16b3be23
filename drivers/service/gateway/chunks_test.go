package gateway

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http/httputil"
	"strings"
	"testing"
)

// decoded takes the coding off in pieces that r cuts.
func decoded(in []byte, r *rand.Rand) (out, rest []byte, whole bool) {
	var c chunks
	for len(in) > 0 && c.state != atEnd {
		n := 1 + r.IntN(len(in))
		var err error
		if out, rest, err = c.decode(out, in[:n]); err != nil {
			return out, nil, false
		}
		rest, in = append(rest[:len(rest):len(rest)], in[n:]...), in[n:]
	}
	return out, rest, c.state == atEnd
}

var chunkedSeeds = []string{
	"5\r\nhello\r\n0\r\n\r\n", "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nrest", "5;a=b\r\nhello\r\n0;c\r\nTrailer: x\r\nOther: y\r\n\r\n", "A\r\n0123456789\r\n00\r\n\r\n",
	"5 \t\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhello\n0\r\n\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n",
	" 5\r\nhello\r\n0\r\n\r\n", "\r\nhello\r\n0\r\n\r\n", "5\r\r\nhello\r\n0\r\n\r\n", "10000000000000005\r\nhello\r\n0\r\n\r\n", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n",
	"5 ;a\r\nhello\r\n0\r\n\r\n", "5;a\rb\r\nhello\r\n0\r\n\r\n", "5;a\nb\r\nhello\r\n0\r\n\r\n", "5_0\r\nhello\r\n0\r\n\r\n", "0\r\n\r\n", "0\r\nX\n\r\n", "0\r\n\r\r\n0\r\n\r\n",
	"5;" + strings.Repeat("x", 5000) + "\r\nhello\r\n0\r\n\r\n", strings.Repeat("1;"+strings.Repeat("y", 200)+"\r\nx\r\n", 200) + "0\r\n\r\n",
}

// sameAsNetHTTP: what chunks takes, net/http takes too, with the same data; and what net/http takes, chunks takes.
func sameAsNetHTTP(t *testing.T, in []byte, r *rand.Rand) {
	t.Helper()
	out, rest, whole := decoded(in, r)
	from := bytes.NewReader(in)
	want, err := io.ReadAll(httputil.NewChunkedReader(from))
	if whole && (err != nil || !bytes.Equal(out, want)) {
		t.Errorf("%.80q was taken as %.40q; net/http: %.40q, %v", in, out, want, err)
	}
	if ours, _, wholeByByte := byByte(in); wholeByByte != whole || whole && !bytes.Equal(ours, out) {
		t.Errorf("%.80q depends on how it is cut", in)
	}
	// Of what net/http takes, it has read no trailers: so only what ends with the last chunk, and with no other before it, must be taken.
	if end := bytes.LastIndex(in, []byte("0\r\n\r\n")); err == nil && end >= 0 && !whole && bytes.HasSuffix(in, []byte("\r\n0\r\n\r\n")) {
		if _, early := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(in[:end]))); early != nil {
			t.Errorf("%.80q was refused; net/http takes it", in)
		}
	}
	if whole && !bytes.HasSuffix(in, rest) {
		t.Errorf("%.80q leaves %.40q", in, rest)
	}
}

func byByte(in []byte) (out, rest []byte, whole bool) {
	var c chunks
	for i := range in {
		var err error
		if out, _, err = c.decode(out, in[i:i+1]); err != nil {
			return out, nil, false
		}
		if c.state == atEnd {
			return out, in[i+1:], true
		}
	}
	return out, nil, false
}

// TestChunks: every seed, and each with some bytes changed, against net/http.
func TestChunks(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const alphabet = "0123456789abfAFxX \t\r\n;=-+_\x00\x7f\xff"
	for _, seed := range chunkedSeeds {
		sameAsNetHTTP(t, []byte(seed), r)
		for range 500 {
			in := []byte(seed)
			for range 1 + r.IntN(3) {
				switch at := r.IntN(len(in)); r.IntN(3) {
				case 0:
					in[at] = alphabet[r.IntN(len(alphabet))]
				case 1:
					in = append(in[:at:at], append([]byte{alphabet[r.IntN(len(alphabet))]}, in[at:]...)...)
				default:
					in = append(in[:at:at], in[at+1:]...)
				}
				if len(in) == 0 {
					in = []byte("0")
				}
			}
			sameAsNetHTTP(t, in, r)
		}
	}
}

func FuzzChunks(f *testing.F) {
	for _, seed := range chunkedSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) { sameAsNetHTTP(t, in, rand.New(rand.NewPCG(1, 2))) })
}

// TestEndlessTrailers: what is no data is bounded.
func TestEndlessTrailers(t *testing.T) {
	for name, in := range map[string]string{"trailers": "0\r\n" + strings.Repeat("X: y\r\n", 10000), "a size": strings.Repeat("0", 10000)} {
		if _, _, err := (&chunks{}).decode(nil, []byte(in)); err == nil {
			t.Errorf("endless %s are read", name)
		}
	}
}
