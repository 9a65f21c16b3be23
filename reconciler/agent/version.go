package agent

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"time"

	"assay/drivers/bounded"
)

const (
	versionTimeout = 5 * time.Minute // the first start of a container, or of Python with a large library on a shared file system, can be slow
	maxAsked       = 1 << 20         // bytes that a program prints when it is asked something
)

var versionNumber = regexp.MustCompile(`\b(\d+)\.(\d+)`)

// version is that of a program.
type version struct {
	asked   bool
	answers chan version
	number  string
	err     error
}

// unfit is the error of a program that is too old.
type unfit struct{ fault }

func (u unfit) Error() string { return u.message }

// askVersion refuses a program that is too old: its error is an unfit.
func (p *process) askVersion() (wait string, err error) {
	v := p.want.Versions
	if v == nil {
		return "", nil
	}
	if wait, err = p.version.ask(p, v.Argv); wait != "" || err != nil {
		return wait, err
	}
	if older(p.version.number, v.Least) {
		return "", unfit{fault{v.Reason, fmt.Sprintf("%s has version %s on this node: %s", v.Argv[0], p.version.number, v.Advice)}}
	}
	return "", nil
}

// ask runs a command that prints a version, once, without blocking the loop.
func (v *version) ask(p *process, argv []string) (wait string, err error) {
	if !v.asked {
		cmd, err := p.command(argv)
		if err != nil {
			return "", err
		}
		answers := make(chan version, 1)
		*v = version{asked: true, answers: answers}
		go func() { answers <- ask(cmd) }()
	}
	if v.answers != nil {
		select {
		case *v = <-v.answers:
			v.asked = true
		default:
			return "asking " + argv[0] + " for its version", nil
		}
	}
	return "", v.err
}

// older compares two versions N.N.
func older(a, b string) bool {
	x, y := versionNumber.FindStringSubmatch(a), versionNumber.FindStringSubmatch(b)
	for i := 1; i < len(x) && i < len(y); i++ {
		n, _ := strconv.Atoi(x[i]) // digits only
		m, _ := strconv.Atoi(y[i])
		if n != m {
			return n < m
		}
	}
	return false
}

// ask runs a command that prints a version.
func ask(cmd *exec.Cmd) version {
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	c.Env, c.Dir, c.WaitDelay = cmd.Env, cmd.Dir, time.Second
	out, err := bounded.Combined(c, maxAsked)
	m := versionNumber.Find(out)
	switch {
	case m != nil:
		return version{number: string(m)}
	case err != nil:
		return version{err: fmt.Errorf("asking %s for its version: %w", cmd.Args[0], err)}
	}
	return version{err: fmt.Errorf("asking %s for its version: it printed none: %.100q", cmd.Args[0], out)}
}
