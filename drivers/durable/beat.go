package durable

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"syscall"
)

// Pulse is what a beat file holds. Count goes up while its writer lives. Of is the number of the record that the writer had
// last written: the count vouches for that record and for no other.
type Pulse struct{ Count, Of uint64 }

// Beat writes a beat file: a few bytes that are overwritten in place, so that a metadata server has nothing to do. There is
// no rename: a reader takes a torn one for damaged. It is not safe for concurrent use.
type Beat struct {
	Path   string
	NoSync bool // for tests
	file   *os.File
}

// Write puts p in the place of the last one. After an error the file is opened anew, and made if need be: a handle can be
// stale, and its folder can have been away.
func (b *Beat) Write(p Pulse) error {
	if b.file == nil {
		f, err := os.OpenFile(b.Path, os.O_WRONLY|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
		if err != nil {
			return fmt.Errorf("opening the beat file: %w", err)
		}
		b.file = f
	}
	_, err := b.file.WriteAt(encodePulse(p), 0)
	if err == nil && !b.NoSync {
		err = syscall.Fdatasync(int(b.file.Fd()))
	}
	if err != nil {
		_ = b.Close() // the error above says more
		return fmt.Errorf("writing %s: %w", b.Path, err)
	}
	return nil
}

// Check looks whether the file still has its name, with one stat of each. If it does not, the next Write makes it again.
func (b *Beat) Check() {
	if b.file == nil {
		return
	}
	named, err := os.Lstat(b.Path)
	if err == nil {
		var ours fs.FileInfo
		if ours, err = b.file.Stat(); err == nil && os.SameFile(named, ours) {
			return
		}
	}
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESTALE) {
		_ = b.Close() // nobody reads what it holds
	}
}

// Close closes the file, if it is open.
func (b *Beat) Close() error {
	if b.file == nil {
		return nil
	}
	f := b.file
	b.file = nil
	return f.Close()
}

const pulseSize = 51 // two numbers of 20 digits, a checksum of 8, their separators

func encodePulse(p Pulse) []byte {
	text := fmt.Sprintf("%020d %020d", p.Count, p.Of)
	return fmt.Appendf(nil, "%s %08x\n", text, crc32.ChecksumIEEE([]byte(text)))
}

// ReadBeat reads a beat file: fs.ErrNotExist when there is none, ErrDamaged when it is torn.
func ReadBeat(path string) (Pulse, error) {
	b, err := Read(path, pulseSize)
	if err != nil {
		return Pulse{}, err
	}
	var p Pulse
	if _, err := fmt.Sscanf(string(b), "%d %d", &p.Count, &p.Of); err != nil || string(b) != string(encodePulse(p)) {
		return Pulse{}, fmt.Errorf("reading %s: it is torn: %w", path, ErrDamaged)
	}
	return p, nil
}
