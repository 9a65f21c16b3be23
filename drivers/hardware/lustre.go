package hardware

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"assay/drivers/bounded"
)

const (
	maxPrinted  = 16 << 20         // bytes that a tool prints
	lctlTimeout = time.Second      // of one call: two of them fit into a scrape
	sudoPause   = 10 * time.Minute // after a refusal, which can be logged and mailed to the administrators
)

// lustreParts are the layers of a client: llite is what programs see, cache hits included; osc and mdc are the wire.
var lustreParts = []string{"llite", "osc", "mdc"}

// lustre reads the client's counters wherever this release of Lustre shows them: procfs up to 2.10, debugfs (for root only)
// since 2.12, otherwise through lctl. They count the whole node, not one job. A new mount has a new target, so that its
// counters are a new series and not a reset one.
type lustre struct {
	proc, sys string
	readDir   func(string) ([]os.DirEntry, error)
	readFile  func(string) ([]byte, error)
	now       func() time.Time
	noSudo    time.Time // until when sudo is left alone; only one read runs at a time
}

func newLustre(proc, sys string) *lustre {
	return &lustre{proc: proc, sys: sys, readDir: os.ReadDir, readFile: os.ReadFile, now: time.Now}
}

func (l *lustre) collect(out *sink) error {
	if !l.here() {
		return errNotHere
	}
	stats, err := l.probe()
	if err != nil {
		return err
	}
	for _, s := range stats {
		s.emit(out)
	}
	return nil
}

// here says whether the node has a Lustre client at all: one is mounted, or its module is loaded.
func (l *lustre) here() bool {
	for _, dir := range []string{filepath.Join(l.proc, "fs/lustre"), filepath.Join(l.sys, "fs/lustre")} {
		if _, err := os.Stat(dir); err == nil {
			return true
		}
	}
	f, err := os.Open(filepath.Join(l.proc, "self/mounts"))
	if err != nil {
		return false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && fields[2] == "lustre" {
			return true
		}
	}
	return false
}

// probe tries the places in turn, and returns the first that shows something.
func (l *lustre) probe() ([]lustreStats, error) {
	var why []string
	for _, way := range []struct {
		name string
		read func() ([]lustreStats, error)
	}{
		{"procfs", func() ([]lustreStats, error) { return l.tree(filepath.Join(l.proc, "fs/lustre")) }},
		{"debugfs", func() ([]lustreStats, error) { return l.tree(filepath.Join(l.sys, "kernel/debug/lustre")) }},
		{"lctl", func() ([]lustreStats, error) { return l.lctl() }},
		{"sudo lctl", l.sudo},
	} {
		stats, err := way.read()
		if len(stats) > 0 {
			return stats, nil
		}
		if err != nil {
			why = append(why, way.name+": "+err.Error())
		}
	}
	return nil, errors.New("the Lustre client shows no counters (" + strings.Join(why, "; ") + ")")
}

// tree reads PART/TARGET/stats below root.
func (l *lustre) tree(root string) ([]lustreStats, error) {
	var all []lustreStats
	why := errors.New("no statistics there")
	for _, part := range lustreParts {
		targets, err := l.readDir(filepath.Join(root, part))
		if err != nil {
			why = plain(err)
			continue
		}
		for _, t := range targets {
			b, err := l.readFile(filepath.Join(root, part, t.Name(), "stats"))
			if err != nil {
				if !errors.Is(err, os.ErrNotExist) { // not every entry is a target
					why = plain(err)
				}
				continue
			}
			if s := parseLustre(part, t.Name(), string(b)); len(s.counts) > 0 {
				all = append(all, s)
			}
		}
	}
	return all, why
}

// plain is an error without its path, which would make a label of its own for each target.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// lctl runs `lctl get_param`, behind the given command if any.
func (l *lustre) lctl(before ...string) ([]lustreStats, error) {
	path, err := exec.LookPath("lctl")
	if err != nil {
		return nil, errors.New("not on PATH")
	}
	argv := append(before, path, "get_param")
	for _, part := range lustreParts {
		argv = append(argv, part+".*.stats")
	}
	ctx, cancel := context.WithTimeout(context.Background(), lctlTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.WaitDelay = 100 * time.Millisecond
	b, stderr, err := bounded.Output(cmd, maxPrinted)
	switch {
	case ctx.Err() != nil:
		return nil, fmt.Errorf("no answer within %s", lctlTimeout)
	case errors.As(err, new(*bounded.TooLarge)):
		return nil, err
	case err != nil && firstLine(stderr) != "":
		err = errors.New(firstLine(stderr))
	}
	return parseLctl(string(b)), err // one layer can be refused and another shown
}

// sudo asks for lctl as root where that needs no password.
func (l *lustre) sudo() ([]lustreStats, error) {
	if _, err := exec.LookPath("lctl"); err != nil {
		return nil, nil // said already
	}
	sudo, err := exec.LookPath("sudo")
	if err != nil {
		return nil, errors.New("not on PATH")
	}
	if l.now().Before(l.noSudo) {
		return nil, errors.New("refused before")
	}
	stats, err := l.lctl(sudo, "-n")
	if len(stats) == 0 {
		l.noSudo = l.now().Add(sudoPause)
	}
	return stats, err
}
