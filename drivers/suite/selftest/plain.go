//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/serving"
)

// plain is the obvious client: net/http, a goroutine for each request, encoding/json for each event, time.Sleep between
// requests. It returns the CPU seconds of the measured part.
func plain(ctx context.Context, s scenario, url, dir string) (float64, error) {
	connections := s.bound
	if connections == 0 {
		connections = s.prompts
	}
	c := &plainClient{http: suite.HTTPClient(connections, 1<<30, nil), url: url + "/v1/completions", rows: make([]row, s.prompts), tokens: s.tokens, prompt: s.prompt()}
	suite.Preconnect(ctx, c.http, []string{url + "/v1/models"}, min(connections, 512))
	before := cpuSeconds()
	if s.rate > 0 {
		c.open(ctx, suite.Arrivals(suite.Rand(1, "arrivals"), s.prompts, s.rate, 1))
	} else {
		c.closed(ctx, s.bound)
	}
	return cpuSeconds() - before, errors.Join(ctx.Err(), c.save(dir))
}

func cpuSeconds() float64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

type plainClient struct {
	http   *http.Client
	url    string
	prompt string
	tokens int
	rows   []row
}

func (c *plainClient) open(ctx context.Context, offsets []time.Duration) {
	var wg sync.WaitGroup
	start := time.Now()
	zero := socket.Monotonic()
	for i, offset := range offsets {
		time.Sleep(time.Until(start.Add(offset)))
		c.rows[i].intended = zero + offset
		wg.Go(func() { c.send(ctx, i) })
	}
	wg.Wait()
}

func (c *plainClient) closed(ctx context.Context, bound int) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range bound {
		wg.Go(func() {
			for i := range next {
				c.send(ctx, i)
			}
		})
	}
	for i := range c.rows {
		next <- i
	}
	close(next)
	wg.Wait()
}

func (c *plainClient) send(ctx context.Context, i int) {
	r := &c.rows[i]
	r.id = "r-" + strconv.Itoa(i)
	if err := c.exchange(ctx, r); err != nil {
		r.failure = err.Error()
	}
}

func (c *plainClient) exchange(ctx context.Context, r *row) error {
	body, err := json.Marshal(map[string]any{"model": model, "prompt": c.prompt, "max_tokens": c.tokens, "stream": true})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Request-Id", r.id)
	r.sent = socket.Monotonic()
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return c.read(resp.Body, r)
}

func (c *plainClient) read(body io.Reader, r *row) error {
	lines := bufio.NewScanner(body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var e struct {
			Choices []struct {
				Text string `json:"text"`
			} `json:"choices"`
			Usage *struct {
				Completion int `json:"completion_tokens"`
			} `json:"usage"`
		}
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			return err
		}
		if len(e.Choices) > 0 {
			r.last = socket.Monotonic()
			if r.chunks++; r.chunks == 1 {
				r.first = r.last
			}
		}
		if e.Usage != nil {
			r.tokens = e.Usage.Completion
		}
	}
	return lines.Err()
}

// save writes the samples in the form of the serving suite's.
func (c *plainClient) save(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, serving.CSVFile), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	out := [][]string{{"id", "intended_ns", "sent_ns", "first_ns", "last_ns", "tokens", "chunks", "error"}}
	for _, r := range c.rows {
		out = append(out, []string{r.id, fmt.Sprint(int64(r.intended)), fmt.Sprint(int64(r.sent)), fmt.Sprint(int64(r.first)), fmt.Sprint(int64(r.last)),
			strconv.Itoa(r.tokens), strconv.Itoa(r.chunks), r.failure})
	}
	return errors.Join(w.WriteAll(out), f.Close())
}
