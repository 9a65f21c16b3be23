package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"assay/api/v1alpha1"
)

const (
	openWithin  = 5 * time.Minute // somebody may be typing a password and a code
	sshEndsSoon = 5 * time.Second
)

// showTunnels prints the commands, and says what is missing to make one.
func (a *app) showTunnels(ts []tunnel, site v1alpha1.Site, format string) error {
	if format != "" {
		var items []object
		for _, t := range ts {
			items = append(items, newObject("Tunnel", metadata{Name: t.Service, Experiment: t.experiment}, nil, t))
		}
		if err := a.list(format, items); err != nil {
			return err
		}
	} else {
		var rows [][]string
		for _, t := range ts {
			rows = append(rows, []string{t.experiment, t.Service, dash(t.URL), dash(commandLine(t.Command))})
		}
		a.table([]string{"EXPERIMENT", "SERVICE", "OPEN", "COMMAND"}, rows)
	}
	for _, t := range ts {
		if t.Password != "" {
			a.say("The password that was made for %s/%s is in %s", t.experiment, t.Service, t.Password)
		}
	}
	return a.explainNoLogin(ts, site)
}

// explainNoLogin is nil when every endpoint can be reached.
func (a *app) explainNoLogin(ts []tunnel, site v1alpha1.Site) error {
	if site.Spec.Login.Host != "" {
		return nil
	}
	if far := slices.IndexFunc(ts, func(t tunnel) bool { return t.URL == "" }); far >= 0 {
		return fmt.Errorf(`site %s does not say through which host %s is reached; write this into its file, and apply that (assay apply -f SITE.yaml):
  spec:
    login: {host: LOGIN.HOST, port: 22, user: YOU}`, site.Metadata.Name, ts[far].target.Host)
	}
	a.say("No tunnel is needed: these endpoints are on this machine.")
	return nil
}

// commandLine is for pasting into a shell. Hosts and users were checked, nodes come from URLs: quoting is for the rest.
func commandLine(argv []string) string {
	words := slices.Clone(argv)
	for i, w := range words {
		if strings.ContainsAny(w, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// openTunnels runs one ssh for all endpoints until Ctrl-C.
func (a *app) openTunnels(ctx context.Context, ts []tunnel, site v1alpha1.Site) error {
	if site.Spec.Login.Host == "" {
		return nil // said already
	}
	argv, err := sshArgs(site)
	if err != nil {
		return err
	}
	argv = append(argv, "-N", "-o", "BatchMode=no", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=30")
	for _, t := range ts {
		argv = append(argv, "-L", t.forward())
	}
	ssh := exec.CommandContext(ctx, argv[0], argv[1:]...)
	ssh.Stdin, ssh.Stdout, ssh.Stderr = os.Stdin, a.err, a.err
	ssh.Cancel = func() error { return ssh.Process.Signal(syscall.SIGTERM) }
	ssh.WaitDelay = sshEndsSoon
	if err := ssh.Start(); err != nil {
		return fmt.Errorf("starting ssh: %w; install it, or run the commands elsewhere: assay tunnel", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- ssh.Wait() }()
	if err := a.awaitPorts(ctx, ts, ended); err != nil || ctx.Err() != nil {
		_ = ssh.Process.Signal(syscall.SIGTERM) // or it has ended by itself
		return err
	}
	for _, t := range ts {
		a.say("%s/%s: open %s", t.experiment, t.Service, t.URL)
	}
	a.say("Ctrl-C closes the tunnels.")
	err = <-ended
	if ctx.Err() != nil {
		a.say("Tunnels closed.")
		return nil
	}
	return sshEnded(site, err)
}

// awaitPorts waits until every local port answers. Ctrl-C meanwhile is no error.
func (a *app) awaitPorts(ctx context.Context, ts []tunnel, ended <-chan error) error {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	tooLong := time.After(openWithin)
	for i := 0; i < len(ts); {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("ssh ended before the tunnels were open (%v); try its command: assay tunnel", err)
		case <-ctx.Done():
			<-ended
			a.say("Tunnels closed.")
			return nil
		case <-tooLong:
			return fmt.Errorf("the tunnels did not open within %s; try the command by itself: assay tunnel", short(openWithin))
		case <-tick.C:
		}
		for i < len(ts) && answers(ts[i].LocalPort) {
			i++
		}
	}
	return nil
}

func answers(port int) bool {
	c, err := net.DialTimeout("tcp4", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return false
	}
	return c.Close() == nil
}

func sshEnded(site v1alpha1.Site, err error) error {
	if err == nil {
		return fmt.Errorf("ssh to %s has ended; open the tunnels again: assay tunnel --open", site.Spec.Login.Host)
	}
	return fmt.Errorf("ssh to %s has ended (%w); open the tunnels again: assay tunnel --open", site.Spec.Login.Host, err)
}
