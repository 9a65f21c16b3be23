package serving

import (
	"sync"

	"assay/drivers/suite"
)

// blockOf is how many samples are counted together.
const blockOf = 1 << 10

// mostFailures is how many different failures are kept word for word; of the others only the kind is.
const mostFailures = 1000

// book keeps what became of the requests of a run. All of it goes to disk while the run goes on (spool.go), but for the place where
// it lies there, and that is forgotten when the sample was read in its turn. Several goroutines can add to it.
type book struct {
	mu       sync.Mutex
	blocks   []*block // by index; what was not sent is absent
	n        int
	next     int // block that is read next
	spool    spool
	failures map[suite.Failure]int32
	faults   []*suite.Failure // by number; the first is none
	names    names
}

// block is where samples lie in the spool, each after the beginning by one more; 0: it was not sent, or has not ended.
type block struct {
	places [blockOf]int64
	n      int
	last   int64 // the farthest of the places
}

// view is what is needed to read samples that were entered before it was made.
type view struct {
	book     *book
	begins   []int64
	failures []*suite.Failure
	names    []string
}

func newBook(dir string) *book {
	return &book{spool: spool{dir: dir}, failures: map[suite.Failure]int32{}, faults: []*suite.Failure{nil}}
}

// add keeps a sample under its index. The buffers of its answer can be used again afterwards.
func (b *book) add(s sample) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.place(s.index, b.enter(&s))
}

// place notes where the sample of an index lies in the spool.
func (b *book) place(index int, at int64) {
	for index/blockOf >= len(b.blocks) {
		b.blocks = append(b.blocks, nil)
	}
	k := &b.blocks[index/blockOf]
	if *k == nil {
		*k = &block{}
	}
	at++
	(*k).places[index%blockOf], (*k).last = at, max((*k).last, at)
	(*k).n++
	b.n++
}

// save has what there is outlive this process.
func (b *book) save() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spool.save()
}

// len is how many samples there are.
func (b *book) len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.n
}

// view is what can be read now.
func (b *book) view() view { return view{b, b.spool.begins, b.faults, b.names.list} }

// whole is the next block once all of it has ended and can be read from the disk; nil before. It is then forgotten.
func (b *book) whole() (*block, view) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next >= len(b.blocks) || b.blocks[b.next] == nil || b.blocks[b.next].n < blockOf {
		return nil, view{}
	}
	k := b.blocks[b.next]
	if int64(pieceOf(b.spool.begins, k.last-1)) > b.spool.onDisk.Load() {
		return nil, view{}
	}
	b.blocks[b.next] = nil
	b.next++
	return k, b.view()
}

// each calls f for all samples that were not read yet, in the order of their indexes, each of which is valid until f returns. Nothing can be
// added any more.
func (b *book) each(f func(sample) error) error {
	return b.rest(func(k *block, v view) error {
		for _, at := range k.places {
			if at == 0 {
				continue
			}
			s, err := v.sample(at - 1)
			if err == nil {
				err = f(s)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// rest calls f for all blocks that were not read yet.
func (b *book) rest(f func(k *block, v view) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.spool.end(); err != nil {
		return err
	}
	for ; b.next < len(b.blocks); b.next++ {
		k := b.blocks[b.next]
		b.blocks[b.next] = nil
		if k == nil {
			continue
		}
		if err := f(k, b.view()); err != nil {
			return err
		}
	}
	return nil
}

// read is a sample by its place, after everything was read; it is valid until the next one is read.
func (b *book) read(at int64) (sample, error) { v := b.view(); return v.sample(at) }

// close gives back what the answers take.
func (b *book) close() { b.spool.close() }
