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
	text        string
	in          int // tokens of made-up words, without text
	prefix      int // number of the prefix, from 1; 0: no prefix
	prefixWords int
	out         int           // tokens
	at          time.Duration // of a timed trace
}

// freeText makes a data set without constraints. Entries are used in order, and again from the beginning; a timed trace
// ends with its last entry.
func freeText(v *v1alpha1.Serving, seed int64) (*dataset, error) {
	d := &dataset{name: v.Dataset, seed: seed, free: true, wordsPerToken: 1}
	switch v.Dataset {
	case "random":
		d.entry = func(i int, r *rand.Rand) entry {
			return entry{in: spread(r, v.InputTokens, v.RangeRatio), out: spread(r, v.OutputTokens, v.RangeRatio)}
		}
		return d, nil
	case "shared-prefix":
		d.entry = func(i int, r *rand.Rand) entry {
			return entry{in: v.InputTokens, out: v.OutputTokens, prefix: 1 + max(i, -i)%v.Prefixes, prefixWords: v.PrefixTokens}
		}
		return d, nil
	}
	list, err := readEntries(v)
	if err != nil {
		return nil, fmt.Errorf("reading the data set %s: %w", v.File, err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the data set %s has no usable entry", v.File)
	}
	if first := list[0].at; first > 0 { // a part of a longer trace begins at once too
		for i := range list {
			list[i].at -= first
		}
	}
	d.entries = list
	d.entry = func(i int, _ *rand.Rand) entry { return list[max(i, -i)%len(list)] }
	return d, nil
}

// spread draws evenly from mean*(1-ratio) to mean*(1+ratio), at least 1.
func spread(r *rand.Rand, mean int, ratio float64) int {
	low, high := int(float64(mean)*(1-ratio)), int(float64(mean)*(1+ratio))
	return max(1, low+r.IntN(high-low+1))
}

// words is n words of the vocabulary.
func words(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(pick(r, vocabulary))
		b.WriteByte(' ')
	}
	return b.String()
}

// vocabulary is plain words, most of which are one token to most tokenizers.
var vocabulary = strings.Fields(`time year people way day man thing woman life child world school state family student group country problem hand part
	place case week company system program question work government number night point home water room mother area money story fact month lot right
	study book eye job word business issue side kind head house service friend father power hour game line end member law car city community name`)

// freePrompt writes the prompt of request i; its length in tokens is right after calibration.
func (d *dataset) freePrompt(i int) (prompt string, out int) {
	r := suite.Rand(d.seed, fmt.Sprintf("%s/%d", d.name, i))
	e := d.entry(i, r)
	if e.text != "" {
		return e.text, e.out
	}
	text := ""
	if e.prefix > 0 {
		text = words(suite.Rand(d.seed, fmt.Sprintf("%s/prefix/%d", d.name, e.prefix)), d.count(e.prefixWords))
	}
	return text + fmt.Sprintf("%d ", max(i, -i)) + words(r, d.count(e.in)), e.out
}

func (d *dataset) count(tokens int) int { return max(1, int(float64(tokens)*d.wordsPerToken+0.5)) }

func readEntries(v *v1alpha1.Serving) ([]entry, error) {
	f, err := safefile.Open(v.File)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := io.LimitReader(f, maxFile)
	switch v.Dataset {
	case "sharegpt":
		return readShareGPT(r, v)
	case "timed-trace":
		return readTrace(r)
	}
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

// readTrace takes requests in the order of their times.
func readTrace(r io.Reader) ([]entry, error) {
	last := time.Duration(0)
	return readLines(r, func(line []byte) (entry, error) {
		e, err := traceLine(line)
		if err == nil && e.at < last {
			err = errors.New("its timestamp lies before that of the line above")
		}
		last = e.at
		return e, err
	})
}

func traceLine(line []byte) (entry, error) {
	var c struct {
		At  *float64 `json:"timestamp"` // ms
		In  int      `json:"input_length"`
		Out int      `json:"output_length"`
	}
	if err := json.Unmarshal(line, &c); err != nil {
		return entry{}, err
	}
	if c.At == nil || *c.At < 0 || c.In < 1 || c.Out < 1 {
		return entry{}, errors.New("needs timestamp (ms), input_length and output_length")
	}
	return entry{in: c.In, out: c.Out, at: time.Duration(*c.At * float64(time.Millisecond))}, nil
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

// readShareGPT takes the first turn of every conversation of two turns or more, as vLLM does. The length of the second turn
// gives the output tokens, estimated from its words.
func readShareGPT(r io.Reader, v *v1alpha1.Serving) (out []entry, err error) {
	var all []struct {
		Conversations []struct {
			Value string `json:"value"`
		} `json:"conversations"`
	}
	if err := json.NewDecoder(r).Decode(&all); err != nil {
		return nil, err
	}
	for _, c := range all {
		if len(c.Conversations) >= 2 && c.Conversations[0].Value != "" {
			answer := len(strings.Fields(c.Conversations[1].Value)) * 4 / 3
			out = append(out, entry{text: c.Conversations[0].Value, out: min(max(1, answer), v.OutputTokens)})
		}
	}
	return out, nil
}
