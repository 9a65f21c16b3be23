package serving

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/drivers/suite"
)

// mostEntry bounds what is read at once, in bytes: an answer is bounded, too.
const mostEntry = 1 << 28

var errDamaged = errors.New("it is damaged")

// layout is that of an entry: a spool of another one is not read. It changes with the fields of entered.
const layout = 1

// head is what was known before the first request, and is needed to read the answers without the client that sent them.
type head struct {
	Layout    int
	Size      int // of an entry, in bytes
	Tag       string
	Anchor    suite.Anchor
	Version   string
	Simulated bool
	Dialect   dialect
}

// head is entered before the first request.
func (r *runner) head(b *book) error {
	text, err := json.Marshal(head{layout, enteredSize, r.data.tag, r.before, r.server.version, r.server.simulated, r.server.dialect})
	b.note(headEntry, string(text))
	return err
}

// Salvage makes of what a killed client had kept, which is all but its last second, the samples and the partial result that a
// stopped one leaves, and removes what it made them of. It returns fs.ErrNotExist when nothing is there: the run was short, or has
// ended by itself.
func Salvage(dir string, redact func(secrets ...string) suite.Redactor) error {
	f, err := safefile.OpenIn(dir, answersFile)
	if err != nil {
		return err
	}
	b := newBook(dir)
	b.spool.file, b.spool.ended = f, true
	defer b.close()
	err = b.salvage(dir, redact)
	if err == nil {
		err = os.Remove(filepath.Join(dir, answersFile))
	}
	if err != nil {
		return fmt.Errorf("reading what the killed client left in %s: %w", filepath.Join(dir, answersFile), err)
	}
	return nil
}

func (b *book) salvage(dir string, redact func(secrets ...string) suite.Redactor) error {
	var req drivers.SuiteRequest
	if err := durable.ReadRecord(filepath.Join(dir, drivers.RequestFile), &req); err != nil {
		return err
	}
	if err := check(req); err != nil {
		return err
	}
	h, err := b.scan(bufio.NewReaderSize(b.spool.file, spoolPiece), int64(req.Serving.Prompts))
	if err != nil {
		return err
	}
	r, err := newRunner(req, func(string) {})
	if err != nil {
		return err
	}
	defer r.client.close()
	r.safe = redact(append(r.hidden, r.client.token)...)
	r.data.tag, r.before, r.after = h.Tag, h.Anchor, h.Anchor
	r.server.version, r.server.simulated, r.server.dialect = h.Version, h.Simulated, h.Dialect
	r.open = r.todo().schedule != nil
	r.digest = newDigest(r, dir, b)
	defer r.digest.close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // the server is asked nothing any more
	return r.leave(ctx, dir, "the client was killed; %d of its requests had ended and were kept; run it again")
}

// scan finds the entries of a spool that another process has filled, of at most so many samples. They end where it was cut off.
func (b *book) scan(in io.Reader, most int64) (h head, err error) {
	data := make([]byte, enteredSize)
	for begin, at := int64(0), int64(0); ; at += int64(len(data)) {
		data, err = b.entry(in, data)
		if at == 0 {
			if err == nil {
				h, err = readHead(data)
			}
			if err != nil {
				return h, err
			}
			b.spool.begins = []int64{0}
			continue
		}
		if err != nil || !b.found(data, at, most) {
			b.spool.begins = append(b.spool.begins, at)
			return h, nil
		}
		if at+int64(len(data))-begin > spoolPiece && at > begin {
			b.spool.begins, begin = append(b.spool.begins, at), at
		}
	}
}

// entry reads the next one into data.
func (b *book) entry(in io.Reader, data []byte) ([]byte, error) {
	data = data[:enteredSize]
	if _, err := io.ReadFull(in, data); err != nil {
		return data, err
	}
	e := *enteredAt(data)
	if e.events < 0 || e.text < 0 || e.size() > mostEntry {
		return data, errDamaged
	}
	data = append(data, make([]byte, e.size()-enteredSize)...)
	_, err := io.ReadFull(in, data[enteredSize:])
	return data, err
}

func readHead(data []byte) (h head, err error) {
	if e := enteredAt(data); e.index != headEntry {
		return h, errDamaged
	}
	if err := json.Unmarshal(textOf(data), &h); err != nil {
		return h, err
	}
	if h.Layout != layout || h.Size != enteredSize {
		return h, fmt.Errorf("another version of assay wrote it: its layout is %d, this one's is %d", h.Layout, layout)
	}
	return h, nil
}

// textOf is the text of the entry that begins there.
func textOf(data []byte) []byte {
	e := enteredAt(data)
	return data[enteredSize+8*int(e.events):][:e.text]
}

// found takes an entry that was read from at. False: nothing that follows can be right.
func (b *book) found(data []byte, at, most int64) bool {
	e, text := enteredAt(data), textOf(data)
	switch {
	case e.index == nameEntry:
		b.names.number(string(text))
	case e.index == failureEntry:
		kind, message, _ := bytes.Cut(text, []byte{0})
		b.faults = append(b.faults, &suite.Failure{Kind: string(kind), Message: string(message)})
	case e.index < 0 || e.index >= most || !isNumber(e.failure, len(b.faults)) || !isNumber(e.finish, len(b.names.list)) || !isNumber(e.model, len(b.names.list)):
		return false
	default:
		b.place(int(e.index), at)
	}
	return true
}

// isNumber reports whether something has that number, of so many that are known.
func isNumber(number int32, n int) bool { return number >= 0 && int(number) < n }
