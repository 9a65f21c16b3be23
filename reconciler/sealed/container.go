package sealed

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// block is the unit of a tar.
const block = 512

// folder is where all members lie.
const folder = "bundle/"

// largest is what the size in a header can say.
const largest = 1<<33 - 1

// header is the only one that a member of this name and size can have.
func header(name string, size int64) ([]byte, error) {
	if size > largest {
		return nil, fmt.Errorf("%s has %d bytes, more than a bundle can hold of one file (%d)", name, size, int64(largest))
	}
	var b bytes.Buffer
	err := tar.NewWriter(&b).WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: folder + name, Size: size, Mode: 0o600, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR})
	if err != nil {
		return nil, fmt.Errorf("%s cannot be in a bundle: %w", name, err)
	}
	return b.Bytes(), nil
}

// padding is how many zero bytes follow so many of content.
func padding(size int64) int64 { return (block - size%block) % block }

// put writes a member.
func put(w io.Writer, name string, size int64, content io.Reader) error {
	head, err := header(name, size)
	if err == nil {
		_, err = w.Write(head)
	}
	if err == nil {
		_, err = io.CopyN(w, content, size)
	}
	if err == nil {
		_, err = w.Write(make([]byte, padding(size)))
	}
	return err
}

// end is what follows the last member.
func end(w io.Writer) error {
	_, err := w.Write(make([]byte, 2*block))
	return err
}

// errAltered is behind every error about a file that is no whole bundle.
var errAltered = errors.New("it is not as it was made")

func altered(format string, v ...any) error {
	return fmt.Errorf("%w: %s", errAltered, fmt.Sprintf(format, v...))
}

// container reads a bundle's members in order. Offsets count from the beginning of the file.
type container struct {
	r    io.Reader
	at   int64
	left int64 // of the member that is read
	pad  int64 // behind it

	buffer []byte // for copies of members
}

// next is the name and the size of the next member; io.EOF after the last one, when nothing follows the end.
func (c *container) next() (name string, size int64, err error) {
	if err := c.skip(); err != nil {
		return "", 0, err
	}
	began := c.at
	head, err := c.block()
	if err != nil {
		return "", 0, err
	}
	if began == 0 {
		if kind := foreign(head); kind != "" {
			return "", 0, fmt.Errorf("it is no bundle but %s; bundles are made by: assay bundle create", kind)
		}
	}
	if allZero(head) {
		return "", 0, c.ended()
	}
	h, err := tar.NewReader(bytes.NewReader(head)).Next()
	if err != nil {
		return "", 0, altered("at byte %d there is no header of a member", began)
	}
	name, inside := strings.CutPrefix(h.Name, folder)
	if !inside || !allowed(name) {
		return "", 0, altered("at byte %d a member has the name %q, which no bundle has", began, h.Name)
	}
	want, err := header(name, h.Size)
	if err != nil || !bytes.Equal(head, want) {
		return "", 0, altered("the header of %s, at byte %d, is not the only one that it can have", name, began)
	}
	c.left, c.pad = h.Size, padding(h.Size)
	return name, h.Size, nil
}

// Read reads the content of the member.
func (c *container) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.at, c.left = c.at+int64(n), c.left-int64(n)
	if errors.Is(err, io.EOF) {
		if err = nil; c.left > 0 {
			err = altered("it ends within a member, at byte %d: it was cut off", c.at)
		}
	}
	return n, err
}

// skip reads the padding behind a member, whose content was read.
func (c *container) skip() error {
	if c.left > 0 {
		return fmt.Errorf("%d bytes of a member were not read", c.left)
	}
	b := make([]byte, c.pad)
	if _, err := io.ReadFull(c.r, b); err != nil {
		return altered("it ends at byte %d: it was cut off", c.at)
	}
	if !allZero(b) {
		return altered("there is something between two members, at byte %d", c.at)
	}
	c.at, c.pad = c.at+int64(len(b)), 0
	return nil
}

func (c *container) block() ([]byte, error) {
	b := make([]byte, block)
	n, err := io.ReadFull(c.r, b)
	if c.at += int64(n); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, altered("it ends at byte %d: it was cut off", c.at)
	}
	return b, err
}

// ended reads the second zero block, and that nothing is behind it.
func (c *container) ended() error {
	second, err := c.block()
	if err != nil {
		return err
	}
	if !allZero(second) {
		return altered("there is something behind the end, at byte %d", c.at-block)
	}
	if n, err := io.ReadFull(c.r, make([]byte, 1)); n > 0 {
		return altered("there is something behind the end, at byte %d", c.at)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return io.EOF
}

func allZero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// foreign names what is often taken for a bundle.
func foreign(head []byte) string {
	for magic, kind := range map[string]string{"\x1f\x8b": "a gzip file, such as an archive of assay logs --save", "\x28\xb5\x2f\xfd": "a zstd file", "PK\x03\x04": "a zip file", "{": "JSON", "-----BEGIN SSH": "a signature"} {
		if bytes.HasPrefix(head, []byte(magic)) {
			return kind
		}
	}
	return ""
}
