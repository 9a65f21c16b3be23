package agent

import (
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/safefile"
)

const (
	workEvery = 2 * time.Second // between two looks at the log of a server that starts
	workLog   = 16 << 10        // so much of its end is read, bytes
)

// The bars that vLLM and SGLang draw while they start: "Loading safetensors checkpoint shards:  50% Completed | 2/4 [00:01<…",
// "Capturing CUDA graphs (decode, FULL):  35%|███▌      | 24/67 [00:03<…".
var workBar = regexp.MustCompile(`(Loading [a-z ]*shards|Capturing [^:\r\n]*): +[0-9]+%[^\r\n]*?\| *([0-9]+)/([0-9]+)`)

// watchWork notes how far the start of a server is, as its log says. Most servers do not say.
func (p *process) watchWork(now time.Time) {
	if p.phase != drivers.PhaseStarting {
		p.work = nil
		return
	}
	if now.Sub(p.workSeen) < workEvery {
		return
	}
	p.workSeen, p.work = now, nil
	f, err := safefile.Open(filepath.Join(p.a.dir, p.log()))
	if err != nil {
		return // it has not written yet
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	from := max(p.progress.log, info.Size()-workLog)
	if end, err := io.ReadAll(io.NewSectionReader(f, from, workLog)); err == nil {
		p.work = workIn(end)
	}
}

// workIn is what the last bar of a log says; nil when there is none, or when it is full.
func workIn(log []byte) *v1alpha1.Work {
	all := workBar.FindAllSubmatch(log, -1)
	if len(all) == 0 {
		return nil
	}
	last := all[len(all)-1]
	w := &v1alpha1.Work{What: "weights"}
	if strings.HasPrefix(string(last[1]), "Capturing") {
		w.What = "graphs"
	}
	w.Done, _ = strconv.ParseFloat(string(last[2]), 64) // digits
	w.Total, _ = strconv.ParseFloat(string(last[3]), 64)
	if w.Total == 0 || w.Done >= w.Total {
		return nil
	}
	return w
}
