package serving

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
)

// bodies is the sum over the bodies of all measured requests: of each the hash of its number and its bytes, all of them
// together by exclusive or. So several threads and nodes can make them in any order, and it still says which was which.
type bodies struct {
	mu    sync.Mutex
	Sum   [sha256.Size]byte
	Count int
}

// add takes in a body. Warm-ups, which have negative numbers, do not count.
func (b *bodies) add(index int, body []byte) {
	if index < 0 {
		return
	}
	h := sha256.New()
	_ = binary.Write(h, binary.LittleEndian, int64(index)) // a hash takes every write
	_, _ = h.Write(body)
	b.merge(&bodies{Sum: [sha256.Size]byte(h.Sum(nil)), Count: 1})
}

// merge takes in those of another node.
func (b *bodies) merge(o *bodies) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.Sum {
		b.Sum[i] ^= o.Sum[i]
	}
	b.Count += o.Count
}

// inputs are what decides the bytes that this run sends, apart from its request.
func (r *runner) inputs() *drivers.Inputs {
	return &drivers.Inputs{Tag: r.data.tag, WordsPerToken: r.data.lexicon.WordsPerToken, Overhead: r.data.lexicon.Overhead, Words: r.data.lexicon.Words, Exact: r.data.lexicon.Exact, Dialect: string(r.payload.dialect), Files: r.files,
		Requests: r.sent.Count, SHA256: hex.EncodeToString(r.sent.Sum[:])}
}

// recall reads the data set's files, and what the run sent that this one sends again.
func (r *runner) recall(dir string) (err error) {
	if r.files, err = suite.DataFiles(r.spec.File); err != nil || r.req.Replays == "" {
		return err
	}
	var was drivers.SuiteResult
	err = durable.ReadRecord(filepath.Join(filepath.Dir(dir), r.req.Replays, drivers.ResultFile), &was)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("run %s left no result, so what it sent is not known; ask for a run without --exact", r.req.Replays)
	case err != nil:
		return fmt.Errorf("reading what run %s sent: %w", r.req.Replays, err)
	case was.Inputs == nil:
		return fmt.Errorf("the result of run %s does not say what it sent, because an older assay made it or it failed; ask for a run without --exact", r.req.Replays)
	}
	for i, f := range r.files {
		if i >= len(was.Inputs.Files) || f.SHA256 != was.Inputs.Files[i].SHA256 {
			return fmt.Errorf("the data set %s has changed since run %s: put the file with the SHA-256 of its result back, or ask for a run without --exact", f.Path, r.req.Replays)
		}
	}
	r.was, r.data.tag = was.Inputs, was.Inputs.Tag
	return nil
}

// repeat makes the prompts as those of the run that is sent again, whatever the server said of itself meanwhile.
func (r *runner) repeat() {
	if r.was != nil {
		r.payload.dialect = dialect(r.was.Dialect)
		r.data.lexicon = lexicon{r.was.Words, r.was.Exact, r.was.WordsPerToken, r.was.Overhead}
	}
}

// note adds to a result what was sent, and a fault if that is not what was to be sent again.
func (r *runner) note(res *drivers.SuiteResult) {
	res.Inputs = r.inputs()
	if r.was != nil && (res.Inputs.SHA256 != r.was.SHA256 || res.Inputs.Requests != r.was.Requests) {
		res.Valid = false
		res.Reasons = slices.Insert(res.Reasons, 0, suite.NewReason(suite.ReasonNotExact, "the requests are not those of run %s, which were to be sent again: %d with SHA-256 %.12s…, not %d with %.12s…; "+
			"another assay made them: use the one that its versions name", r.req.Replays, res.Inputs.Requests, res.Inputs.SHA256, r.was.Requests, r.was.SHA256))
	}
}
