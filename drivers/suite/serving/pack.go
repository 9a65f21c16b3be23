package serving

import (
	"io"

	"github.com/klauspost/compress/gzip"
)

// linesPacked is how many bytes of samples are packed at once.
const linesPacked = 32 << 10

// packer packs the lines of samples: while the run goes on in the thread that makes them, and then beside it, since it takes half of the
// time. What fails is told by where it writes to.
type packer struct {
	zip   *gzip.Writer
	lines []byte // that were not packed yet
	full  chan []byte
	empty chan []byte // nil: it does not work beside
}

func newPacker(w io.Writer) *packer {
	zip, _ := gzip.NewWriterLevel(w, gzip.BestSpeed) // it knows this level
	return &packer{zip: zip}
}

// line adds a line.
func (p *packer) line(l *sampleLine) {
	if p.lines = append(l.append(p.lines), '\n'); len(p.lines) >= linesPacked {
		p.pack()
	}
}

func (p *packer) pack() {
	if p.empty == nil {
		_, _ = p.zip.Write(p.lines)
		p.lines = p.lines[:0]
		return
	}
	p.full <- p.lines
	p.lines = <-p.empty
}

// beside has it pack in another thread from now on, until close.
func (p *packer) beside() {
	const ahead = 4
	p.full, p.empty = make(chan []byte, ahead), make(chan []byte, ahead+1)
	for range ahead {
		p.empty <- nil
	}
	go func() {
		for lines := range p.full {
			_, _ = p.zip.Write(lines)
			p.empty <- lines[:0]
		}
		close(p.empty)
	}()
}

// close packs the rest.
func (p *packer) close() error {
	if p.empty != nil {
		close(p.full)
		for range p.empty { // until all is packed
		}
		p.empty = nil
	}
	p.pack()
	return p.zip.Close()
}
