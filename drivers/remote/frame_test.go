package remote

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"strings"
	"testing"
)

func frame(k kind, size uint32, content string) string {
	return string(binary.BigEndian.AppendUint32([]byte{byte(k)}, size)) + content
}

// TestFrames: what was sent arrives; what no side sends is an error that says so.
func TestFrames(t *testing.T) {
	var b bytes.Buffer
	w := &writer{w: &b}
	long := strings.Repeat("x", 3*chunk+1)
	if n, err := w.stream(kindOut).Write([]byte(long)); n != len(long) || err != nil {
		t.Fatal(n, err)
	}
	if err := w.send(kindWant, nil); err != nil {
		t.Fatal(err)
	}
	got := ""
	for {
		k, part, err := readFrame(&b, toLaptop)
		if k == kindWant {
			break
		}
		if err != nil || k != kindOut {
			t.Fatal(k, err)
		}
		got += string(part)
	}
	if _, _, err := readFrame(&b, toLaptop); err != io.EOF || got != long {
		t.Errorf("%v, %d of %d bytes", err, len(got), len(long))
	}
	for name, c := range map[string]struct{ in, want string }{
		"unknown":             {frame('?', 0, ""), "unknown kind '?'"},
		"of the other side":   {frame(kindRequest, 2, "{}"), "unknown kind 'R'"},
		"too long":            {frame(kindOut, chunk+1, ""), "which can have"},
		"much too long":       {frame(kindExit, 1<<32-1, ""), "which can have"},
		"empty with content":  {frame(kindWant, 1, "x"), "which can have 0"},
		"cut in the head":     {"o\x00", "is cut"},
		"cut in the content":  {frame(kindOut, 10, "short"), "is cut"},
		"cut before its size": {"x", "is cut"},
	} {
		if _, _, err := readFrame(strings.NewReader(c.in), toLaptop); err == nil || !strings.Contains(err.Error(), c.want) || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// TestAnnouncedSizeCostsNothing: memory is taken for what comes.
func TestAnnouncedSizeCostsNothing(t *testing.T) {
	in := frame(kindRequest, mostRequest, "x")
	got := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			_, _, _ = readFrame(strings.NewReader(in), toSite) // it is cut
		}
	})
	if n := got.AllocedBytesPerOp(); n > 64<<10 {
		t.Errorf("a frame that announces %d bytes and has 1 costs %d", mostRequest, n)
	}
}

// FuzzFrames: whatever comes is frames or an error, and each frame is one that may come.
func FuzzFrames(f *testing.F) {
	for k := range toSite {
		f.Add([]byte(frame(k, 2, "{}")), true)
	}
	for k := range toLaptop {
		f.Add([]byte(frame(k, 4, `{"a"`)), false)
	}
	f.Add([]byte(frame(kindRequest, 60, `{"args":["get"],"attached":[{"path":"../x","sum":"","size":-1}]}`)), true)
	f.Fuzz(func(t *testing.T, b []byte, site bool) {
		allowed := toLaptop
		if site {
			allowed = toSite
		}
		r := bytes.NewReader(b)
		for {
			k, content, err := readFrame(r, allowed)
			if err != nil {
				return
			}
			if most, ok := allowed[k]; !ok || len(content) > most {
				t.Fatalf("frame %q of %d bytes", k, len(content))
			}
			if k == kindRequest {
				if v, err := parse[Request](k, content); err == nil && v.check() == nil {
					for _, f := range v.Attached {
						if !isSum(f.Sum) || f.Size < 0 {
							t.Fatalf("%+v", f)
						}
						if b := base(f.Path); strings.Contains(b, "/") || b == ".." || b == "." || b == "" {
							t.Fatalf("%q becomes the name %q", f.Path, b)
						}
					}
				}
			}
			_, _ = parse[gotPorts](k, content)
			_, _ = parse[Manifest](k, content)
		}
	})
}

// TestKindsAreApart: no byte means two things in one direction.
func TestKindsAreApart(t *testing.T) {
	for k := range maps.Keys(toSite) {
		if _, both := toLaptop[k]; both {
			t.Errorf("%q goes both ways", k)
		}
	}
}
