package agent

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"assay/drivers"
	"assay/drivers/safefile"
)

// maxStartLog is how much of its log a server's start is looked for in, bytes from where the start begins.
const maxStartLog = 8 << 20

// The lines in which vLLM says what its start took, in seconds. Where several processes say it, the last word counts.
var (
	loadedWeights = regexp.MustCompile(`(?:Loading (?:model )?weights took (?:[0-9.]+ GiB and )?|Model loading took [0-9.]+ GiB(?: memory)? and )([0-9.]+) sec`)
	compiled      = regexp.MustCompile(`torch\.compile takes ([0-9.]+) s in total`)
	captured      = regexp.MustCompile(`Graph capturing finished in ([0-9.]+) sec`)
)

// started is when one start of a server got where.
type started struct {
	began    time.Time // to prepare
	launched time.Time
	log      int64 // bytes of its log by then
}

// readied notes what the start of a server took, when it is Ready for the first time.
func (p *process) readied(now time.Time) {
	if p.startup != nil || p.progress.launched.IsZero() {
		return
	}
	s := p.progress
	took := drivers.Startup{Failed: drivers.SecondsOf(s.began.Sub(p.wanted)), Prepare: drivers.SecondsOf(s.launched.Sub(s.began)), Serve: drivers.SecondsOf(now.Sub(s.launched))}
	if f, err := safefile.Open(filepath.Join(p.a.dir, p.log())); err == nil {
		defer f.Close()
		if text, err := io.ReadAll(io.NewSectionReader(f, s.log, maxStartLog)); err == nil {
			took.Weights = said(loadedWeights, text)
			took.Compile = said(compiled, text) + said(captured, text)
		}
	}
	p.startup = &took
}

// logged is the size of a log.
func (a *agent) logged(log string) int64 {
	info, err := os.Stat(filepath.Join(a.dir, log))
	if err != nil {
		return 0
	}
	return info.Size()
}

// said is the number in the last line that matches; 0 when none does.
func said(line *regexp.Regexp, text []byte) drivers.Seconds {
	all := line.FindAllSubmatch(text, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(string(all[len(all)-1][1]), 64) // digits and points
	return drivers.Seconds(n)
}
