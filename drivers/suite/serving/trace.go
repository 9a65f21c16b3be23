package serving

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// blockSizes are the tokens that a hash id of a trace can stand for: Mooncake's, and what vLLM takes by default.
var blockSizes = []int{512, 16}

// readTrace reads a timed trace, whose requests are in the order of their times: JSON lines (Mooncake's, with or without
// hash_ids), or a CSV file of BurstGPT or of Azure. The first request goes at once: a part of a longer trace can be replayed.
// It also returns how many tokens a block has.
func readTrace(r io.Reader) (list []entry, blockTokens int, err error) {
	b := bufio.NewReader(r)
	start, err := b.Peek(64)
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	if start = bytes.TrimLeft(start, "\ufeff \t\r\n"); len(start) == 0 || start[0] == '{' {
		list, err = readLines(b, traceLine)
	} else {
		list, err = readTraceCSV(b)
	}
	if err != nil || len(list) == 0 {
		return nil, 0, err
	}
	first, last := list[0].at, list[0].at
	for i := range list {
		if list[i].at < last {
			return nil, 0, fmt.Errorf("the timestamp of request %d lies before that of the one above", i+1)
		}
		last = list[i].at
		list[i].at -= first
	}
	blockTokens, err = blockSize(list)
	return list, blockTokens, err
}

// traceLine reads a line of Mooncake's form.
func traceLine(line []byte) (entry, error) {
	var c struct {
		At     *float64 `json:"timestamp"` // ms
		In     int      `json:"input_length"`
		Out    int      `json:"output_length"`
		Blocks []int64  `json:"hash_ids"`
	}
	if err := json.Unmarshal(line, &c); err != nil {
		return entry{}, err
	}
	if c.At == nil || *c.At < 0 || *c.At > float64(math.MaxInt64/time.Millisecond) || c.In < 1 || c.Out < 1 {
		return entry{}, errors.New("needs timestamp (ms), input_length and output_length")
	}
	return entry{in: c.In, out: c.Out, blocks: c.Blocks, at: time.Duration(*c.At * float64(time.Millisecond))}, nil
}

// blockSize is the size with which every request has as many blocks as its length needs.
func blockSize(list []entry) (int, error) {
	for _, size := range blockSizes {
		fits := true
		for _, e := range list {
			fits = fits && (len(e.blocks) == 0 || len(e.blocks) == (e.in+size-1)/size)
		}
		if fits {
			return size, nil
		}
	}
	return 0, fmt.Errorf("the hash_ids of its requests are no blocks of %d or %d tokens of input_length", blockSizes[0], blockSizes[1])
}

// column finds a column by one of its names.
func column(header []string, names ...string) int {
	for i, h := range header {
		for _, n := range names {
			if strings.EqualFold(strings.TrimSpace(h), n) {
				return i
			}
		}
	}
	return -1
}

// readTraceCSV reads the traces of BurstGPT (Timestamp in seconds, Request tokens, Response tokens) and of Azure (TIMESTAMP as a
// date, ContextTokens, GeneratedTokens). A request that gave no token failed, and is left out, as vLLM does.
func readTraceCSV(r io.Reader) (out []entry, err error) {
	rows := csv.NewReader(r)
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return nil, err
	}
	at := column(header, "timestamp", "\ufefftimestamp")
	in, gave := column(header, "request tokens", "contexttokens"), column(header, "response tokens", "generatedtokens")
	if at < 0 || in < 0 || gave < 0 {
		return nil, fmt.Errorf("its first line, %.80q, is none of BurstGPT (Timestamp, Request tokens, Response tokens) or Azure (TIMESTAMP, ContextTokens, GeneratedTokens)",
			strings.Join(header, ","))
	}
	for {
		row, err := rows.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := rows.FieldPos(0)
		when, err := traceTime(row[at])
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
		tokens, err1 := strconv.Atoi(strings.TrimSpace(row[in]))
		answer, err2 := strconv.Atoi(strings.TrimSpace(row[gave]))
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("line %d: its tokens: %w", line, err)
		}
		if tokens > 0 && answer > 0 {
			out = append(out, entry{in: tokens, out: answer, at: when})
		}
	}
}

// traceTime is a time as seconds, or as a date; of a date, since the epoch.
func traceTime(s string) (time.Duration, error) {
	s = strings.TrimSpace(s)
	if sec, err := strconv.ParseFloat(s, 64); err == nil && sec >= 0 && sec < math.MaxInt64/1e9 {
		return time.Duration(sec * float64(time.Second)), nil
	}
	for _, form := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00", time.RFC3339Nano} {
		if t, err := time.Parse(form, s); err == nil {
			return time.Duration(t.UnixNano()), nil
		}
	}
	return 0, fmt.Errorf("%.40q is no time: seconds, or a date like 2023-11-16 18:15:46.6805900", s)
}
