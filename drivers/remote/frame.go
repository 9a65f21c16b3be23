package remote

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// kind is the first byte of a frame.
type kind byte

const (
	kindRequest   kind = 'R'
	kindManifest  kind = 'M'
	kindInput     kind = 'I'
	kindInterrupt kind = 'S'
	kindTerminal  kind = 'W'
	kindPorts     kind = 'P'
	kindSaved     kind = 'Z'

	kindOut      kind = 'o'
	kindErr      kind = 'e'
	kindWant     kind = 'i'
	kindNeed     kind = 'n'
	kindSave     kind = 's'
	kindData     kind = 'd'
	kindSaveEnd  kind = 'z'
	kindAskPorts kind = 'p'
	kindExit     kind = 'x'
)

const (
	chunk       = 32 << 10 // bytes of output in one frame
	mostSmall   = 64 << 10
	mostRequest = 16 << 20 // manifests have 4 MiB at most, and their secrets 64 KiB each
)

// toSite and toLaptop are the frames of each direction, with their greatest lengths.
var (
	toSite = map[kind]int{kindRequest: mostRequest, kindManifest: mostRequest, kindInput: mostSmall, kindInterrupt: 0, kindTerminal: mostSmall,
		kindPorts: mostSmall, kindSaved: mostSmall}
	toLaptop = map[kind]int{kindOut: chunk, kindErr: chunk, kindWant: 0, kindNeed: mostSmall, kindSave: mostSmall, kindData: chunk, kindSaveEnd: mostSmall,
		kindAskPorts: mostSmall, kindExit: mostSmall}
)

// readFrame reads a frame that is among those allowed. io.EOF comes only between two frames.
func readFrame(r io.Reader, allowed map[kind]int) (kind, []byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:1]); err != nil {
		return 0, nil, err
	}
	k := kind(head[0])
	most, known := allowed[k]
	if !known {
		return 0, nil, fmt.Errorf("a frame of the unknown kind %q", head[0])
	}
	if _, err := io.ReadFull(r, head[1:]); err != nil {
		return 0, nil, fmt.Errorf("a frame %q that is cut: %w", head[0], noEOF(err))
	}
	size := binary.BigEndian.Uint32(head[1:])
	if int64(size) > int64(most) {
		return 0, nil, fmt.Errorf("a frame %q of %d bytes, which can have %d", head[0], size, most)
	}
	var b bytes.Buffer // grows by what comes, not by what is announced
	if _, err := io.CopyN(&b, r, int64(size)); err != nil {
		return 0, nil, fmt.Errorf("a frame %q that is cut: %w", head[0], noEOF(err))
	}
	return k, b.Bytes(), nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writer sends frames, one at a time.
type writer struct {
	mu    sync.Mutex
	w     io.Writer
	flush func() error
	ended bool // the other side listens no more
}

var errEnded = errors.New("the verb has ended")

func (w *writer) send(k kind, b []byte) error {
	head := make([]byte, 5, 5+len(b))
	head[0] = byte(k)
	binary.BigEndian.PutUint32(head[1:], uint32(len(b)))
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended {
		return errEnded
	}
	_, err := w.w.Write(append(head, b...))
	if err == nil && w.flush != nil {
		err = w.flush()
	}
	return err
}

// end keeps out whatever comes later.
func (w *writer) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ended = true
}

func (w *writer) sendJSON(k kind, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return w.send(k, b)
}

// stream is an io.Writer whose bytes go out as frames of one kind.
func (w *writer) stream(k kind) io.Writer { return &stream{w, k} }

type stream struct {
	w    *writer
	kind kind
}

func (s *stream) Write(p []byte) (n int, err error) {
	for len(p) > 0 {
		part := p[:min(len(p), chunk)]
		if err := s.w.send(s.kind, part); err != nil {
			return n, err
		}
		n, p = n+len(part), p[len(part):]
	}
	return n, nil
}

// parse reads the JSON of a frame.
func parse[T any](k kind, b []byte) (T, error) {
	var v T
	if err := json.Unmarshal(b, &v); err != nil {
		return v, fmt.Errorf("a frame %q that is not what it should be: %w", byte(k), err)
	}
	return v, nil
}
