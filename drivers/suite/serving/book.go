package serving

import (
	"slices"
	"sync"
	"time"
	"unsafe"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
)

// blockOf is how many samples are kept together.
const blockOf = 1 << 10

// mostFailures is how many different failures are kept word for word; of the others only the kind is.
const mostFailures = 1000

// book keeps what became of the requests of a run. What each of them was answered, by far the most of it, goes to disk
// while the run goes on (spool.go). Several goroutines can add to it.
type book struct {
	mu       sync.Mutex
	blocks   [][]entered // by index; what was not sent is absent
	n        int
	spool    spool
	failures map[suite.Failure]*suite.Failure
	maps     [][]byte // of floats
	models   []string // that answered
	words    []time.Duration
}

// entered is a sample whose answer lies in the spool, but for what is small.
type entered struct {
	outcome    short
	index      int
	due, free  time.Duration
	structured bool
	usage      bool
	prompt     int32
	completion int32
	finish     string
	kept       place
}

// short is an outcome without its answer.
type short struct {
	sent, ended, connect, behind, blur time.Duration
	failure                            *suite.Failure
}

// besides is how many numbers follow the times of an answer in the spool: what Said holds, the tokens of thoughts, the model.
const besides = 8

// enter puts an answer into the spool.
func (b *book) enter(s sample) entered {
	a, said := &s.answer, &s.answer.Said
	b.words = append(append(b.words[:0], a.Events...), said.First, said.Thought, said.Answer, said.Last,
		time.Duration(said.Events), time.Duration(said.Hidden), time.Duration(a.Reasoned), time.Duration(b.model(a.Model)))
	return entered{short{s.sent, s.ended, s.connect, s.behind, s.blur, s.failure}, s.index, s.due, s.free, s.structured,
		a.Usage, int32(a.Prompt), int32(a.Completion), a.Finish, b.spool.add(b.words, a.Text)}
}

// sample is what was entered.
func (b *book) sample(e entered) sample {
	words, text := b.spool.answer(e.kept)
	n := len(words) - besides
	w, o := words[n:], e.outcome
	return sample{index: e.index, due: e.due, free: e.free, structured: e.structured, outcome: outcome{
		sent: o.sent, ended: o.ended, connect: o.connect, behind: o.behind, blur: o.blur, failure: o.failure,
		answer: sse.Answer{Events: words[:n:n], Text: text, Finish: e.finish, Model: b.models[w[7]], Usage: e.usage, Prompt: int(e.prompt), Completion: int(e.completion),
			Reasoned: int(w[6]), Said: sse.Said{First: w[0], Thought: w[1], Answer: w[2], Last: w[3], Events: int(w[4]), Hidden: int(w[5])}},
	}}
}

// model is the number of a model's name.
func (b *book) model(name string) int {
	i := slices.Index(b.models, name)
	if i < 0 {
		i, b.models = len(b.models), append(b.models, name)
	}
	return i
}

func newBook(dir string) *book {
	return &book{spool: spool{dir: dir}, failures: map[suite.Failure]*suite.Failure{}}
}

// add keeps a sample under its index. The buffers of its answer can be used again afterwards.
func (b *book) add(s sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s.index/blockOf >= len(b.blocks) {
		b.blocks = append(b.blocks, nil)
	}
	block := &b.blocks[s.index/blockOf]
	if *block == nil {
		*block = make([]entered, blockOf)
	}
	if s.failure != nil {
		s.failure = b.same(s.failure)
	}
	(*block)[s.index%blockOf] = b.enter(s)
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
		for _, e := range block {
			if e.outcome.ended == 0 { // it was not sent
				continue
			}
			if err := f(b.sample(e)); err != nil {
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

// close gives back what the answers and the floats take.
func (b *book) close() {
	b.spool.close()
	for _, m := range b.maps {
		_ = unmapped(m) // nobody reads it any more
	}
	b.maps = nil
}

// manyFloats are kept in a file.
const manyFloats = 1 << 20

// floats has room for n numbers: in memory, or, where they are many, in a file without a name in the run's directory that
// the kernel keeps in memory as far as there is some. They are valid until the book is closed.
func (b *book) floats(n int) []float64 {
	if b == nil || n < manyFloats {
		return make([]float64, 0, n)
	}
	m, err := scratch(b.spool.dir, 8*int64(n))
	if err != nil {
		return make([]float64, 0, n) // such as a file system without mmap
	}
	b.maps = append(b.maps, m)
	return unsafe.Slice((*float64)(unsafe.Pointer(&m[0])), n)[:0]
}

// gapsOf are the gaps between the events of all requests, in ms, in ascending order.
func gapsOf(b *book, records []record) []float64 {
	n := 0
	for i := range records {
		n += max(0, len(records[i].answer.Events)-1)
	}
	out := b.floats(n)
	for i := range records {
		records[i].gaps(func(ms float64) { out = append(out, ms) })
	}
	slices.Sort(out)
	return out
}

// withoutInterrupted leaves out what had not ended when the run was stopped: those requests did not fail.
func withoutInterrupted(records []record) []record {
	return slices.DeleteFunc(records, func(r record) bool { return r.failure != nil && r.failure.Kind == "interrupted" })
}
