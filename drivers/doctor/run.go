package doctor

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"time"

	"assay/drivers/bounded"
)

const (
	askFor    = 15 * time.Second // any program that is asked; Slurm's own commands give up after 10 s
	maxOutput = 1 << 20          // bytes of an answer
	maxLine   = 400              // bytes of what is shown of it
)

// ask runs one program and keeps what it printed: standard output when it succeeds, standard error otherwise.
func ask(ctx context.Context, name string, args ...string) (Answer, string) {
	began := time.Now()
	a := Answer{Asked: true}
	path, err := exec.LookPath(name)
	if err != nil {
		a.Missing, a.Text = true, name+" is not on PATH"
		return a, ""
	}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	out, errs, err := bounded.Output(cmd, maxOutput)
	a.Took = time.Since(began)
	a.OK = err == nil
	switch {
	case a.OK:
		a.Text = line(string(out))
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		a.Text = "it did not end within " + askFor.String()
	default:
		if a.Text = line(errs); a.Text == "" {
			a.Text = err.Error()
		}
	}
	return a, string(out)
}

// line makes one line of a text, its lines apart by semicolons.
func line(text string) string {
	var words []string
	for l := range strings.Lines(strings.ToValidUTF8(text, "?")) {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			words = append(words, l)
		}
	}
	joined := strings.Join(words, "; ")
	return strings.ToValidUTF8(joined[:min(len(joined), maxLine)], "")
}
