package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"

	"assay/api/v1alpha1"
	"assay/drivers/durable"
	"assay/reconciler/plan"
)

// A run that has ended is summed up in one line of its experiment's segments: finished/<experiment>/segment-<n>.jsonl. A
// line is a checksum, what rules need of the run (short, because a start reads it of every run), a tab, and the run, both as
// JSON objects. The first one of a segment says which it is. A segment is full at segmentLimit; then
// the next one is begun at once, so that a full last segment means that one is missing. Of several lines of one run the
// last counts.

const segmentLimit = 1 << 20 // bytes

// FinishedRun is what a segment says of a run: its record, without request and result, and the verdict on its numbers.
type FinishedRun struct {
	plan.Run
	Valid string `json:"valid,omitempty"` // v1alpha1.True or False; empty: it has no numbers to judge
	Final bool   `json:"final,omitempty"` // they are not valid for reasons that come again
	Why   string `json:"why,omitempty"`   // they are not valid
	// Values are those of the metrics that may end its repeats early.
	Values map[string]float64 `json:"values,omitempty"`
	// Trial is what a search needs of its run.
	Trial *plan.Trial `json:"trial,omitempty"`
}

// segmentHead is the first line of a segment.
type segmentHead struct {
	Schema  int `json:"schema"`
	Segment int `json:"segment"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errUnsummed means that an experiment has run folders and no segments, as an older assay leaves them.
var errUnsummed = errors.New("its runs have not been summed up yet")

// FinishedDir holds the segments of an experiment: what its ended runs came to.
func (s *Store) FinishedDir(experiment string) string {
	return filepath.Join(s.dir, "finished", safe(experiment))
}

func segmentName(n int) string { return fmt.Sprintf("segment-%06d.jsonl", n) }

func finishedRun(r plan.Run) FinishedRun {
	f := FinishedRun{Run: r}
	if res := r.Result; res != nil && res.Error == "" {
		sum := plan.SumUp(r)
		f.Valid, f.Values, f.Trial = v1alpha1.True, sum.Values, sum.Trial
		if !res.Valid {
			r.Phase = v1alpha1.RunComplete // whatever became of it, these are the reasons
			f.Valid, f.Final, f.Why = v1alpha1.False, res.Final, plan.SumUp(r).Message
		}
	}
	return f
}

// overrules returns a run that has ended as its line has it. Its record can be an older one that was put in its place, from
// before it was set aside. A zero FinishedRun says nothing.
func (f FinishedRun) overrules(r plan.Run) plan.Run {
	if f.ID != "" && summed(r) {
		r.Phase, r.Reason, r.Message = f.Phase, f.Reason, f.Message
	}
	return r
}

// sum is what rules need of the run.
func (f FinishedRun) sum() plan.EndedRun {
	e := plan.SumUp(f.Run)
	e.Invalid, e.Final, e.Values, e.Trial = f.Valid == v1alpha1.False, f.Final, f.Values, f.Trial
	if e.Invalid && f.Phase == v1alpha1.RunComplete {
		e.Message = f.Why
	}
	return e
}

// checked is v as one line, without its end.
func checked(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return withSum(b), nil
}

func withSum(b []byte) []byte {
	return fmt.Appendf(make([]byte, 0, len(b)+9), "%08x %s", crc32.Checksum(b, castagnoli), b)
}

// content is what a line says; false when it is not as it was written.
func content(line []byte) ([]byte, bool) {
	sum, b, ok := bytes.Cut(line, []byte(" "))
	n, err := strconv.ParseUint(string(sum), 16, 32)
	return b, ok && err == nil && uint32(n) == crc32.Checksum(b, castagnoli)
}

// segments is where the next line of an experiment goes.
type segments struct {
	last int   // number of the last segment
	size int64 // of it, in bytes, up to the last whole line
	torn bool  // a crash cut a line behind that short
}

// readSegments hands the content of every line to visit, oldest first. An error that is durable.ErrDamaged or errUnsummed
// means that the segments have to be made anew from the run folders.
func (s *Store) readSegments(dir string, visit func(json []byte) error) (at segments, err error) {
	names, err := durable.Names(dir)
	if err != nil {
		return at, err
	}
	if len(names) == 0 {
		return at, errUnsummed
	}
	for i, name := range names {
		path := filepath.Join(dir, name)
		if name != segmentName(i+1) {
			return at, durable.Damaged(filepath.Join(dir, segmentName(i+1)), errors.New("it is missing"))
		}
		if at, err = readSegment(path, i+1, i+1 == len(names), visit); err != nil {
			return at, err
		}
	}
	if at.size >= segmentLimit {
		return at, durable.Damaged(filepath.Join(dir, segmentName(at.last+1)), errors.New("it is missing"))
	}
	return at, nil
}

func readSegment(path string, n int, last bool, visit func([]byte) error) (segments, error) {
	at := segments{last: n}
	b, err := durable.Read(path, durable.MaxRecord)
	if err != nil {
		return at, err
	}
	for line := range bytes.Lines(b) {
		whole, ended := bytes.CutSuffix(line, []byte("\n"))
		what, ok := content(whole)
		torn := last && at.size > 0 && at.size+int64(len(line)) == int64(len(b)) && !ended
		switch {
		case torn: // its writer was killed
			at.torn = true
			return at, nil
		case !ok || !ended:
			return at, durable.Damaged(path, fmt.Errorf("the line at byte %d is not as it was written", at.size))
		case at.size == 0:
			err = checkHead(path, n, what)
		default:
			err = visit(what)
		}
		if errors.Is(err, durable.ErrNewer) || errors.Is(err, durable.ErrDamaged) {
			return at, err
		}
		if err != nil {
			return at, durable.Damaged(path, err)
		}
		at.size += int64(len(line))
	}
	if at.size == 0 {
		return at, durable.Damaged(path, io.ErrUnexpectedEOF)
	}
	return at, nil
}

func checkHead(path string, n int, what []byte) error {
	var head segmentHead
	if err := durable.Decode(path, what, &head); err != nil {
		return err
	}
	if head.Segment != n {
		return fmt.Errorf("it is segment %d", head.Segment)
	}
	return nil
}

// writeSegments fills a new folder with the lines of runs, in their order.
func (l *Lease) writeSegments(dir string, runs []FinishedRun) (at segments, err error) {
	if err := l.s.fs.MkdirAll(dir); err != nil {
		return at, err
	}
	for at.last = 1; ; at.last++ {
		var b bytes.Buffer
		line, err := checked(segmentHead{durable.Schema, at.last})
		for err == nil {
			b.Write(append(line, '\n'))
			if len(runs) == 0 || b.Len() >= segmentLimit {
				break
			}
			line, err = runLine(runs[0])
			runs = runs[1:]
		}
		if err != nil {
			return at, fmt.Errorf("encoding the runs in %s: %w", dir, err)
		}
		if err := l.s.fs.Replace(filepath.Join(dir, segmentName(at.last)), b.Bytes(), l.Check); err != nil {
			return at, err
		}
		if at.size = int64(b.Len()); at.size < segmentLimit {
			return at, nil
		}
	}
}

// cutTail removes what a killed writer left behind the last whole line.
func (l *Lease) cutTail(dir string, at segments) error {
	path := filepath.Join(dir, segmentName(at.last))
	b, err := durable.Read(path, durable.MaxRecord)
	if err != nil {
		return err
	}
	return l.s.fs.Replace(path, b[:min(at.size, int64(len(b)))], l.Check)
}

// appendSegment adds a run. The segments must be as at says; fs.ErrExist means that they are not.
func (l *Lease) appendSegment(dir string, at segments, r FinishedRun) (segments, error) {
	path := filepath.Join(dir, segmentName(at.last))
	info, err := durable.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != at.size {
		return at, fmt.Errorf("%s was changed by somebody else: %w", path, fs.ErrExist)
	}
	if err != nil {
		return at, err
	}
	line, err := runLine(r)
	if err == nil {
		err = l.Check()
	}
	if err == nil {
		err = l.s.fs.AppendSync(path, line)
	}
	if err != nil {
		return at, err
	}
	if at.size += int64(len(line)) + 1; at.size < segmentLimit {
		return at, nil
	}
	at.last++
	head, err := checked(segmentHead{durable.Schema, at.last})
	if err != nil {
		return at, err
	}
	head = append(head, '\n')
	at.size = int64(len(head))
	return at, l.s.fs.Replace(filepath.Join(dir, segmentName(at.last)), head, l.Check)
}
