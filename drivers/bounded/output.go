package bounded

import (
	"os/exec"
	"sync"
)

// maxErrors is what is kept of a program's standard error, in bytes: its first ones. The rest is read and forgotten.
const maxErrors = 64 << 10

// Output runs a command and returns its standard output and standard error. More output than limit bytes is a *TooLarge: the
// program is ended then, as the end of its context would. Of standard error the first 64 KiB are kept. The command has to end by itself or by its
// context, and to have a WaitDelay.
func Output(cmd *exec.Cmd, limit int64) (out []byte, errs string, err error) {
	c := Capture(cmd, limit)
	return c.Result(cmd.Run())
}

// Captured is what a command prints.
type Captured struct{ out, errs *buffer }

// Capture is Output for a command that its caller starts and waits for.
func Capture(cmd *exec.Cmd, limit int64) *Captured {
	c := &Captured{&buffer{limit: limit, over: ending(cmd)}, &buffer{limit: maxErrors}}
	cmd.Stdout, cmd.Stderr = c.out, c.errs
	return c
}

// Result is what Output returns of a command that has ended with an error, or with nil.
func (c *Captured) Result(ended error) (out []byte, errs string, err error) {
	if c.out.failed != nil {
		ended = c.out.failed // how the program ended because of it does not matter
	}
	return c.out.kept, string(c.errs.kept), ended
}

// Combined is Output with standard error as a part of the output.
func Combined(cmd *exec.Cmd, limit int64) ([]byte, error) {
	o := &buffer{limit: limit, over: ending(cmd)}
	cmd.Stdout, cmd.Stderr = o, o
	err := cmd.Run()
	if o.failed != nil {
		err = o.failed
	}
	return o.kept, err
}

// ending ends a command as the end of its context does.
func ending(cmd *exec.Cmd) func() {
	return func() {
		if cmd.Cancel != nil {
			_ = cmd.Cancel() // it has ended by itself
			return
		}
		_ = cmd.Process.Kill()
	}
}

// buffer keeps the first bytes that are written to it.
type buffer struct {
	limit  int64
	over   func() // called when there are more; nil: they are forgotten, and no error
	mu     sync.Mutex
	kept   []byte
	failed error
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failed != nil {
		return 0, b.failed
	}
	take := min(int64(len(p)), b.limit-int64(len(b.kept)))
	b.kept = append(b.kept, p[:take]...)
	if take < int64(len(p)) && b.over != nil {
		b.failed = &TooLarge{Limit: b.limit}
		b.over()
		return int(take), b.failed
	}
	return len(p), nil
}

// Tail keeps the last bytes that are written to it, for the message about a program's end. The zero value keeps nothing.
type Tail struct {
	Limit int // in bytes
	mu    sync.Mutex
	kept  []byte
}

// Write takes all of p.
func (t *Tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n := len(p)
	if len(p) > t.Limit {
		p = p[len(p)-t.Limit:]
	}
	if over := len(t.kept) + len(p) - t.Limit; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	t.kept = append(t.kept, p...)
	return n, nil
}

// String is what was kept.
func (t *Tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
