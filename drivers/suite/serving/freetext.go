package serving

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
	"assay/drivers/suite"
)

// maxFile bounds a data set's file.
const maxFile = 4 << 30

// entry is a request of a free data set: a given prompt, or made-up words behind a shared prefix.
type entry struct {
	text         string
	in           int // tokens of the prompt, without text; behind the prefix, if it has one
	prefix       int // number of the prefix, from 1; 0: no prefix
	prefixTokens int
	blocks       []int64       // of a timed trace: equal ones are the same tokens
	out          int           // tokens
	at           time.Duration // of a timed trace
}

// freeText makes a data set without constraints. The entries of a file are used in order, and again from the beginning; a timed
// trace ends with its last entry, and the conversations of sharegpt are chosen once the server's tokens are known.
func freeText(v *v1alpha1.Serving, seed int64) (*dataset, error) {
	d := &dataset{name: v.Dataset, seed: seed, free: true, lexicon: plainLexicon(), prompts: v.Prompts}
	switch v.Dataset {
	case "random":
		d.draws = v.RangeRatio > 0
		d.entry = func(i int, r *rand.Rand) entry {
			return entry{in: spread(r, v.InputTokens, v.RangeRatio), out: spread(r, v.OutputTokens, v.RangeRatio)}
		}
		return d, nil
	case "shared-prefix":
		d.entry = func(i int, r *rand.Rand) entry {
			return entry{in: v.InputTokens, out: v.OutputTokens, prefix: 1 + max(i, -i)%v.Prefixes, prefixTokens: v.PrefixTokens}
		}
		return d, nil
	}
	return d, d.open(v)
}

// open reads the file of a data set that has one.
func (d *dataset) open(v *v1alpha1.Serving) error {
	f, err := safefile.Open(v.File)
	if err != nil {
		return fmt.Errorf("reading the data set %s: %w", v.File, err)
	}
	defer f.Close()
	r := io.LimitReader(f, maxFile)
	switch v.Dataset {
	case "sharegpt":
		d.conversations, err = readShareGPT(r, d.seed)
		d.entry = func(i int, _ *rand.Rand) entry { return d.entries[max(i, -i)%len(d.entries)] }
		if err == nil && len(d.conversations) == 0 {
			err = errors.New("it has no conversation of two turns")
		}
		if err != nil {
			err = fmt.Errorf("reading the data set %s: %w", v.File, err)
		}
		return err
	case "timed-trace":
		d.entries, d.blockTokens, err = readTrace(r)
	default:
		d.entries, err = readCustom(r, v)
	}
	if err == nil && len(d.entries) == 0 {
		err = errors.New("it has no usable entry")
	}
	if err != nil {
		return fmt.Errorf("reading the data set %s: %w", v.File, err)
	}
	d.entry = func(i int, _ *rand.Rand) entry { return d.entries[max(i, -i)%len(d.entries)] }
	return nil
}

// spread draws evenly from mean*(1-ratio) to mean*(1+ratio), at least 1.
func spread(r *rand.Rand, mean int, ratio float64) int {
	low, high := int(float64(mean)*(1-ratio)), int(float64(mean)*(1+ratio))
	if r == nil { // it is only asked for the length, which is always the same
		return max(1, low)
	}
	return max(1, low+r.IntN(high-low+1))
}

// longest is the most tokens that an answer is asked for.
func (d *dataset) longest(v *v1alpha1.Serving) int {
	most := max(128, int(float64(v.OutputTokens)*(1+v.RangeRatio)))
	for _, e := range d.entries {
		most = max(most, e.out)
	}
	if d.conversations != nil {
		most = max(most, mostTotal)
	}
	return most
}

// lengths are the tokens that request i asks for, of its prompt (0: no length was asked for) and of its answer.
func (d *dataset) lengths(i int) (in, out int) {
	if !d.free {
		return 0, 0
	}
	var r *rand.Rand // most need none, and making it takes longer than all else
	if d.draws {
		r = suite.Rand(d.seed, fmt.Sprintf("%s/%d", d.name, i))
	}
	e := d.entry(i, r)
	return e.in + e.prefixTokens, e.out
}

// freeQuestion is request i, whose prompt has its length in tokens after calibration.
func (d *dataset) freeQuestion(i int) question {
	r := suite.Rand(d.seed, fmt.Sprintf("%s/%d", d.name, i))
	e := d.entry(i, r)
	text := e.text
	if text == "" {
		text = d.write(i, e, r)
	}
	q := ask(text)
	q.out, q.tagged = e.out, e.text == ""
	return q
}

func readCustom(r io.Reader, v *v1alpha1.Serving) ([]entry, error) {
	return readLines(r, func(line []byte) (entry, error) {
		var c struct {
			Prompt string `json:"prompt"`
			Out    int    `json:"output_tokens"`
		}
		if err := json.Unmarshal(line, &c); err != nil {
			return entry{}, err
		}
		if c.Prompt == "" {
			return entry{}, errors.New("has no prompt")
		}
		if c.Out == 0 {
			c.Out = v.OutputTokens
		}
		return entry{text: c.Prompt, out: c.Out}, nil
	})
}

// readLines parses every line that is not blank; an error names the line.
func readLines[T any](r io.Reader, parse func([]byte) (T, error)) (out []T, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for n := 1; lines.Scan(); n++ {
		if len(strings.TrimSpace(lines.Text())) == 0 {
			continue
		}
		e, err := parse(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		out = append(out, e)
	}
	return out, lines.Err()
}
