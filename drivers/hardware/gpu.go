package hardware

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	"assay/drivers/bounded"
)

const (
	gpuTimeout = 10 * time.Second // nvidia-smi on a faulty card can hang for ever
	gpuEvery   = 2 * time.Second
	gpuFresh   = 15 * time.Second // older values are not shown
	gpuIdle    = 2 * time.Minute  // without a scrape for so long, nvidia-smi is left alone
)

// gpus asks nvidia-smi in the background while it is scraped: a scrape shows the last answer and never waits.
type gpus struct {
	timeout, every, fresh time.Duration
	now                   func() time.Time

	mu      sync.Mutex
	running bool
	asked   time.Time // the last scrape
	fields  []string  // what this driver is asked for
	cards   []card    // the last answer
	at      time.Time // and when it came
	err     error     // why the last question failed
}

func newGPUs() *gpus {
	return &gpus{timeout: gpuTimeout, every: gpuEvery, fresh: gpuFresh, now: time.Now, fields: gpuFields()}
}

// ask makes sure that nvidia-smi is being asked. It is false where there is none.
func (g *gpus) ask() bool {
	smi, err := exec.LookPath("nvidia-smi")
	if err != nil {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = g.now()
	if !g.running {
		g.running = true
		go g.loop(smi)
	}
	return true
}

// loop asks until scrapes stop. It asks one question at a time: a process that cannot be killed blocks this loop alone.
func (g *gpus) loop(smi string) {
	for {
		began := time.Now()
		cards, err := g.query(smi)
		g.mu.Lock()
		if g.err = err; err == nil {
			g.cards, g.at = cards, g.now()
		}
		if g.now().Sub(g.asked) > gpuIdle {
			g.running = false
			g.mu.Unlock()
			return
		}
		g.mu.Unlock()
		time.Sleep(max(g.every-time.Since(began), g.every/4)) // whoever adds up energy bridges no more than 3 s
	}
}

// collect shows the last answer, if it is fresh.
func (g *gpus) collect(out *sink) error {
	if !g.ask() {
		return errNotHere
	}
	g.mu.Lock()
	cards, at, err := g.cards, g.at, g.err
	g.mu.Unlock()
	switch {
	case !at.IsZero() && g.now().Sub(at) <= g.fresh:
		for _, c := range cards {
			c.emit(out)
		}
		out.gauge("assay_gpu_sample_age_seconds", "How long ago the GPUs were asked for what is shown.", g.now().Sub(at).Seconds())
		return nil
	case err != nil:
		return err
	case at.IsZero():
		return errors.New("nvidia-smi has not answered yet")
	}
	return fmt.Errorf("nvidia-smi has not answered for more than %s", g.fresh)
}

var rejectedField = regexp.MustCompile(`Field "([^"]+)" is not a valid field to query`)

// query asks once. A field that this driver does not know is dropped for good, and the rest is asked again.
func (g *gpus) query(smi string) ([]card, error) {
	for {
		text, err := g.run(smi, "--query-gpu="+strings.Join(g.fields, ","), "--format=csv,noheader,nounits")
		if m := rejectedField.FindStringSubmatch(text); m != nil {
			rest := without(g.fields, m[1])
			if len(rest) == len(g.fields) || m[1] == "index" || m[1] == "uuid" {
				return nil, fmt.Errorf("nvidia-smi does not know the field %q", m[1])
			}
			g.fields = rest // only this loop touches them; each round drops one, so this ends
			continue
		}
		// One lost card makes the exit status bad, and the lines of the others stay good.
		if cards := parseCards(text, g.fields); len(cards) > 0 {
			return cards, nil
		}
		if err != nil {
			return nil, fmt.Errorf("nvidia-smi: %w", err)
		}
		return nil, fmt.Errorf("nvidia-smi shows no card: %s", firstLine(text))
	}
}

func (g *gpus) run(smi string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), g.timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, smi, args...)
	cmd.WaitDelay = time.Second
	b, err := bounded.Combined(cmd, maxPrinted)
	switch text := string(b); {
	case ctx.Err() != nil:
		return "", fmt.Errorf("no answer within %s", g.timeout)
	case errors.As(err, new(*bounded.TooLarge)): // a part of it would show some of the cards
		return "", err
	case err != nil && firstLine(text) != "":
		return text, errors.New(firstLine(text))
	default:
		return text, err
	}
}

func without(list []string, drop string) []string {
	var rest []string
	for _, s := range list {
		if s != drop {
			rest = append(rest, s)
		}
	}
	return rest
}

// firstLine is short enough for a label.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line = strings.TrimSpace(line); len(line) > 160 {
		line = line[:160]
	}
	return line
}
