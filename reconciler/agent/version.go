package agent

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"time"

	"assay/drivers/bounded"
)

const (
	versionTimeout = time.Minute // the first start of a container can be slow
	maxAsked       = 1 << 20     // bytes that a program prints when it is asked something
)

var versionNumber = regexp.MustCompile(`\b(\d+)\.\d+`)

// version is what a program's version adds to its command.
type version struct {
	asked   bool
	answers chan version
	args    []string
	env     map[string]string
	err     error
}

// askVersion asks the program for its version, once, without blocking the loop.
func (p *process) askVersion() (wait string, err error) {
	v := p.want.Versions
	if v == nil {
		return "", nil
	}
	if !p.version.asked {
		cmd, err := p.command(v.Argv)
		if err != nil {
			return "", err
		}
		answers := make(chan version, 1)
		p.version = version{asked: true, answers: answers}
		go func() { answers <- ask(cmd) }()
	}
	if p.version.answers != nil {
		select {
		case got := <-p.version.answers:
			major := got.env[""]
			p.version = version{asked: true, err: got.err, args: v.Args[major], env: v.Env[major]}
		default:
			return "asking " + v.Argv[0] + " for its version", nil
		}
	}
	return "", p.version.err
}

// ask runs a command that prints a version. The major one is in env[""].
func ask(cmd *exec.Cmd) version {
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	c.Env, c.Dir, c.WaitDelay = cmd.Env, cmd.Dir, time.Second
	out, err := bounded.Combined(c, maxAsked)
	m := versionNumber.FindSubmatch(out)
	switch {
	case m != nil:
		return version{env: map[string]string{"": string(m[1])}}
	case err != nil:
		return version{err: fmt.Errorf("asking %s for its version: %w", cmd.Args[0], err)}
	}
	return version{err: fmt.Errorf("asking %s for its version: it printed none: %.100q", cmd.Args[0], out)}
}
