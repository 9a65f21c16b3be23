package serving

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"assay/drivers/suite"
)

// digest takes the samples of a run in the order of their indexes, one at a time: it scores them, sums them up, and writes the run's
// files. Nothing is kept of a sample but its row in a table. It is for one goroutine at a time.
type digest struct {
	r       *runner
	dir     string
	book    *book
	sum     summary
	work    *work
	csv     scratch
	samples scratch
	pack    *packer
	lists   []vllmList // of vLLM's result
	origin  time.Duration
	stopped bool // what had not ended when the run was stopped did not fail: it is left out
	began   bool
	ended   bool // the run has
	open    opened
	rec     record // that is taken
	quoted  []byte
	row     csvRow
	err     error // of follow
}

func newDigest(r *runner, dir string, b *book) *digest {
	d := &digest{r: r, dir: dir, book: b, work: r.newWork(), lists: vllmLists(r.data, dir), csv: scratch{dir: dir, draft: true}, samples: scratch{dir: dir, draft: true}, row: csvRow{prefix: appendField(nil, r.client.run+"-")}}
	d.sum.rows, d.sum.free = newTable(dir), r.data.free
	d.sum.again = func(row *row) (record, error) {
		s, err := b.read(row.at)
		return newRecord(s), err
	}
	return d
}

// len is how many samples it has taken.
func (d *digest) len() int { return d.sum.rows.len() }

// opened is a block of which some samples were taken.
type opened struct {
	k  *block
	v  view
	at int
}

// block takes the samples of a block.
func (d *digest) block(k *block, v view) error {
	if err := d.begin(k, v); err != nil {
		return err
	}
	for d.open = (opened{k, v, 0}); d.open.at < blockOf; {
		if err := d.next(); err != nil {
			return err
		}
	}
	d.open = opened{}
	return nil
}

// next takes the next sample of the block that is open.
func (d *digest) next() error {
	o := &d.open
	at := o.k.places[o.at]
	if o.at++; at == 0 {
		return nil
	}
	s, err := o.v.sample(at - 1)
	if err != nil || d.leaves(&s) {
		return err
	}
	d.rec = newRecord(s)
	return d.take(&d.rec, at-1)
}

func (d *digest) leaves(s *sample) bool {
	return d.stopped && s.failure != nil && s.failure.Kind == "interrupted"
}

// begin finds out when the first request was due and was sent: it is one of the first block.
func (d *digest) begin(k *block, v view) error {
	if d.began {
		return nil
	}
	any := false
	for _, at := range k.places {
		if at == 0 {
			continue
		}
		s, err := v.sample(at - 1)
		if err != nil {
			return err
		}
		if d.leaves(&s) {
			continue
		}
		if !any {
			any, d.sum.start, d.origin = true, s.sent, s.sent
		}
		d.sum.start, d.origin = min(d.sum.start, s.sent), min(d.origin, s.sent, s.due)
	}
	if !any {
		return nil
	}
	d.began = true
	_, _ = d.csv.Write([]byte(csvHead)) // what fails is told when it is read
	if d.pack = newPacker(&d.samples); d.ended {
		d.pack.beside()
	}
	return nil
}

// take takes one record, and takes the secrets out of what is written of it.
func (d *digest) take(rec *record, at int64) (err error) {
	if rec.failure == nil && !d.r.data.free {
		if rec.verdict, err = d.r.scorer.judge(rec.index, rec.answer); err != nil {
			return err
		}
	}
	d.sum.add(rec, at)
	if rec.failure == nil {
		d.work.add(rec, d.r.asked(&rec.sample))
	}
	l := rec.line(d.origin)
	l.Wall = int64(d.r.before.Ahead + rec.sent)
	d.pack.line(&l)
	if d.csv.buf = d.row.append(d.csv.buf, rec); len(d.csv.buf) >= filePiece {
		d.csv.spill()
	}
	d.r.redact(rec)
	d.quoted = appendText(d.quoted[:0], rec.answer.Text)
	rec.quoted = d.quoted
	for k := range d.lists {
		if err := d.lists[k].add(rec); err != nil {
			return fmt.Errorf("writing vLLM's result file: %w", err)
		}
	}
	return nil
}

// finish takes what was not taken yet.
func (d *digest) finish() error {
	if d.err != nil {
		return d.err
	}
	d.ended = true
	if d.began {
		d.pack.beside()
	}
	err := d.openRest()
	if err == nil {
		err = d.book.rest(d.block)
	}
	if d.began {
		err = errors.Join(err, d.pack.close())
	}
	return err
}

// openRest takes the rest of the block that is open.
func (d *digest) openRest() error {
	for d.open.k != nil && d.open.at < blockOf {
		if err := d.next(); err != nil {
			return err
		}
	}
	return nil
}

// writeSamples writes the two files of samples, at a time: each waits for the disk.
func (d *digest) writeSamples() error {
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() { errs[0] = d.samples.writeFile(filepath.Join(d.dir, samplesFile)) })
	wg.Go(func() { errs[1] = d.csv.writeFile(filepath.Join(d.dir, CSVFile)) })
	wg.Wait()
	return errors.Join(errs[:]...)
}

// close gives back what it took.
func (d *digest) close() {
	d.csv.close()
	d.samples.close()
	for k := range d.lists {
		d.lists[k].close()
	}
	d.sum.rows.close()
}

// redact takes secrets out of what the server said. The record is scored and summed up by then.
func (r *runner) redact(one *record) {
	if r.safe == (suite.Plain{}) {
		return
	}
	if f := one.failure; f != nil {
		one.failure = &suite.Failure{Kind: f.Kind, Message: r.safe.Message(f.Message)}
	}
	text := string(one.answer.Text)
	if hidden := r.safe.Hide(text); hidden != text {
		one.answer.Text = []byte(hidden)
	}
}
