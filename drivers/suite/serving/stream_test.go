package serving

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/drivers/suite/loadgen/sse"
)

// read gives the answer to a stream that arrives in pieces that end at the cuts; the clock counts reads.
func read(stream string, cuts ...int) (sse.Answer, string) {
	var parts []io.Reader
	last := 0
	for _, cut := range append(cuts, len(stream)) {
		if cut >= last && cut <= len(stream) {
			parts, last = append(parts, strings.NewReader(stream[last:cut])), cut
		}
	}
	ticks := time.Duration(0)
	a, f := readStream(io.MultiReader(parts...), make([]byte, 16), func() time.Duration { ticks++; return ticks })
	if f != nil {
		return a, f.Kind
	}
	return a, ""
}

const chunkA = `{"id":"1","choices":[{"index":0,"text":"Hä","finish_reason":null}],"usage":null}`
const chunkB = `{"choices": [ {"finish_reason" : "length", "text":"\"q\"\n\u00e4"} ] , "id":"{[\"]}"}`
const usage = `{"choices":[],"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2}}`

func TestReadStream(t *testing.T) {
	for name, test := range map[string]struct {
		stream string
		text   string
		events int
		finish string
		kind   string
	}{
		"plain":              {"data: " + chunkA + "\n\ndata: " + chunkB + "\n\ndata: " + usage + "\n\ndata: [DONE]\n\n", "Hä\"q\"\nä", 2, "length", ""},
		"CRLF":               {"data: " + chunkA + "\r\n\r\ndata: " + usage + "\r\n\r\ndata: [DONE]\r\n\r\n", "Hä", 1, "", ""},
		"no space":           {"data:" + chunkA + "\n\ndata:[DONE]\n\n", "Hä", 1, "", ""},
		"comments, fields":   {": ping\n\nevent: message\nid: 3\nretry: 9\ndata: " + chunkA + "\n\n:\n\ndata: [DONE]\n", "Hä", 1, "", ""},
		"after DONE":         {"data: " + chunkA + "\n\ndata: [DONE]\n\ndata: " + chunkB + "\n\n", "Hä", 1, "", ""},
		"chat":               {`data: {"choices":[{"delta":{"role":"assistant","content":""}}]}` + "\n\n" + `data: {"choices":[{"delta":{"content":"x"},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n", "x", 2, "stop", ""},
		"no DONE":            {"data: " + chunkA + "\n\n", "Hä", 1, "", "truncated_stream"},
		"cut inside DONE":    {"data: " + chunkA + "\n\ndata: [DO", "Hä", 1, "", "truncated_stream"},
		"empty":              {"", "", 0, "", "truncated_stream"},
		"error":              {"data: " + chunkA + "\n\n" + `data: {"error":{"message":"boom","code":500}}` + "\n\ndata: [DONE]\n\n", "Hä", 1, "", "error_event"},
		"null error":         {`data: {"error":null,"choices":[{"text":"x"}]}` + "\n\ndata: [DONE]\n\n", "x", 1, "", ""},
		"not JSON":           {"data: hello\n\ndata: [DONE]\n\n", "", 0, "", "bad_event"},
		"choices is a word":  {"data: {\"choices\":\"a\"}\n\n", "", 0, "", "bad_event"},
		"a text is a number": {"data: {\"choices\":[{\"text\":4}]}\n\n", "", 0, "", "bad_event"},
		"a long line":        {`data: {"choices":[{"text":"` + strings.Repeat("long ", 5000) + `"}]}` + "\n\ndata: [DONE]\n\n", strings.Repeat("long ", 5000), 1, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, kind := read(test.stream)
			if kind != test.kind || string(a.Text) != test.text || len(a.Events) != test.events || a.Finish != test.finish {
				t.Errorf("got %q, %d events, %q, failure %q", a.Text, len(a.Events), a.Finish, kind)
			}
			if want := strings.Contains(test.stream, usage); a.Usage != want || want && (a.Prompt != 7 || a.Completion != 2) {
				t.Errorf("usage %v %d %d", a.Usage, a.Prompt, a.Completion)
			}
		})
	}
}

func TestReadStreamErrors(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("data: "+chunkA+"\n\n"), iotest.ErrReader(errors.New("cable")))
	if _, f := readStream(broken, make([]byte, 8), func() time.Duration { return 0 }); f == nil || f.Kind != "transport" {
		t.Errorf("got %v", f)
	}
	endless := io.MultiReader(strings.NewReader("data: "), endlessReader{})
	if _, f := readStream(endless, make([]byte, 1<<10), func() time.Duration { return 0 }); f == nil || f.Kind != "bad_event" {
		t.Errorf("got %v", f)
	}
}

type endlessReader struct{}

func (endlessReader) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// Events that arrive in one read share their time; a later read gives a later one.
func TestArrivalTimes(t *testing.T) {
	one := "data: " + chunkA + "\n\n"
	a, f := readStream(io.MultiReader(strings.NewReader(one+one), strings.NewReader(one), strings.NewReader("data: [DONE]\n\n")),
		make([]byte, 4096), func() func() time.Duration {
			n := time.Duration(0)
			return func() time.Duration { n++; return n }
		}())
	if diff := cmp.Diff([]time.Duration{1, 1, 2}, a.Events); f != nil || diff != "" {
		t.Errorf("%v\n%s", f, diff)
	}
}

// Where the network cuts a stream changes nothing but the times.
func FuzzReadStreamCuts(f *testing.F) {
	whole := "data: " + chunkA + "\r\n\r\n: c\n\ndata: " + chunkB + "\n\ndata: " + usage + "\n\ndata: [DONE]\n\n"
	for i := range len(whole) {
		f.Add(whole, i, i+3)
	}
	f.Add("data: x\n", 1, 2)
	f.Fuzz(func(t *testing.T, stream string, i, j int) {
		a, kindA := read(stream)
		if len(a.Text) > 3*len(stream) || len(a.Events) > len(stream) || len(a.Finish) > 3*len(stream) {
			t.Errorf("%d bytes of text in %d events from %d bytes", len(a.Text), len(a.Events), len(stream))
		}
		b, kindB := read(stream, min(i, j), max(i, j))
		if kindA != kindB || !bytes.Equal(a.Text, b.Text) || len(a.Events) != len(b.Events) || a.Finish != b.Finish || a.Usage != b.Usage {
			t.Errorf("whole: %q %d %q; cut at %d, %d: %q %d %q", a.Text, len(a.Events), kindA, i, j, b.Text, len(b.Events), kindB)
		}
	})
}

// slow is what a client would decode with encoding/json.
type slow struct {
	Choices []struct {
		Text  *string `json:"text"`
		Delta *struct {
			Content *string `json:"content"`
		} `json:"delta"`
		Finish *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	} `json:"usage"`
	Error any `json:"error"`
}

func stream128() string {
	var b strings.Builder
	for i := range 128 {
		fmt.Fprintf(&b, `data: {"id":"cmpl-0123456789abcdef","object":"text_completion","created":1700000000,"model":"org/tiny","choices":[{"index":0,"text":" tok%d","logprobs":null,"finish_reason":null,"stop_reason":null}],"usage":null}`+"\n\n", i)
	}
	return b.String() + "data: " + usage + "\n\ndata: [DONE]\n\n"
}

// The client's CPU time for a burst of 128 tokens: the scanner, and the obvious way.
func BenchmarkStream(b *testing.B) {
	stream := stream128()
	b.Run("scan", func(b *testing.B) {
		b.SetBytes(int64(len(stream)))
		buf := make([]byte, 16<<10)
		for b.Loop() {
			if a, f := readStream(strings.NewReader(stream), buf, func() time.Duration { return 0 }); f != nil || len(a.Events) != 128 {
				b.Fatal(f)
			}
		}
	})
	b.Run("naive", func(b *testing.B) {
		b.SetBytes(int64(len(stream)))
		for b.Loop() {
			n := 0
			for line := range strings.SplitSeq(stream, "\n") {
				var e slow
				if data, ok := strings.CutPrefix(line, "data: "); ok && data != "[DONE]" {
					if err := json.Unmarshal([]byte(data), &e); err != nil {
						b.Fatal(err)
					}
					n += len(e.Choices)
				}
			}
			if n != 128 {
				b.Fatal(n)
			}
		}
	})
}

// One request of 16 tokens over HTTP, server included; the closed loop's own share shows in a profile.
func BenchmarkComplete(b *testing.B) {
	c := newClient([]string{serve(b, &flawed{knows: structuredOutputs})}, time.Minute, 4, 128)
	defer c.close()
	body, err := payload{model: "org/tiny", maxTokens: 16, dialect: structuredOutputs}.body(ask("hello"), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if o := c.complete(b.Context(), 0, "b", "/v1/completions", body); o.failure != nil {
			b.Fatal(o.failure)
		}
	}
}
