package serving

import (
	"slices"
	"sync"

	"assay/drivers/suite"
)

// blockOf is how many samples are kept together.
const blockOf = 1 << 10

// mostFailures is how many different failures are kept word for word; of the others only the kind is.
const mostFailures = 1000

// book keeps what became of the requests of a run. What each of them was answered, by far the most of it, goes to disk
// while the run goes on (spool.go). Several goroutines can add to it.
type book struct {
	mu       sync.Mutex
	blocks   [][]sample // by index; what was not sent is absent
	n        int
	spool    spool
	failures map[suite.Failure]*suite.Failure
}

func newBook(dir string) *book {
	return &book{spool: spool{dir: dir}, failures: map[suite.Failure]*suite.Failure{}}
}

// there reports whether a sample was added: every request has an end.
func (s *sample) there() bool { return s.ended != 0 }

// add keeps a sample under its index. The buffers of its answer can be used again afterwards.
func (b *book) add(s sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s.index/blockOf >= len(b.blocks) {
		b.blocks = append(b.blocks, nil)
	}
	block := &b.blocks[s.index/blockOf]
	if *block == nil {
		*block = make([]sample, blockOf)
	}
	if s.failure != nil {
		s.failure = b.same(s.failure)
	}
	s.kept = b.spool.add(s.answer.Events, s.answer.Text)
	s.answer.Events, s.answer.Text = nil, nil
	(*block)[s.index%blockOf] = s
	b.n++
}

// same is one failure for all that are equal.
func (b *book) same(f *suite.Failure) *suite.Failure {
	key := *f
	if b.failures[key] == nil && len(b.failures) >= mostFailures {
		key.Message = "another one of this kind; only the first ones are told in full"
	}
	if b.failures[key] == nil {
		b.failures[key] = &key
	}
	return b.failures[key]
}

// len is how many samples there are.
func (b *book) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

// each calls f for all samples in the order of their indexes, with their answers, which are valid until the book is closed.
// It forgets each block behind it; nothing can be added any more.
func (b *book) each(f func(sample) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.spool.end(); err != nil {
		return err
	}
	for k, block := range b.blocks {
		for _, s := range block {
			if !s.there() {
				continue
			}
			s.answer.Events, s.answer.Text = b.spool.answer(s.kept)
			if err := f(s); err != nil {
				return err
			}
		}
		b.blocks[k] = nil
	}
	return nil
}

// records makes a record of each sample, in order.
func (b *book) records() ([]record, error) {
	out := make([]record, 0, b.len())
	err := b.each(func(s sample) error {
		out = append(out, newRecord(s))
		return nil
	})
	return out, err
}

// close gives back what the answers take.
func (b *book) close() { b.spool.close() }

// withoutInterrupted leaves out what had not ended when the run was stopped: those requests did not fail.
func withoutInterrupted(records []record) []record {
	return slices.DeleteFunc(records, func(r record) bool { return r.failure != nil && r.failure.Kind == "interrupted" })
}
