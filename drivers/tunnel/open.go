package tunnel

import (
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"syscall"
	"time"

	"assay/api/v1alpha1"
)

const (
	openWithin  = 5 * time.Minute // a user may have to type a password and a code
	sshEndsSoon = 5 * time.Second // after SIGTERM; then it is killed
	answerEvery = 300 * time.Millisecond
)

// Run holds one ssh open for all forwards, until ctx ends or ssh does. Opened is called once, when every local port
// answers. In and out are ssh's standard input, and its output and errors. When ctx ends ssh is terminated, and Run returns
// ctx's error; that ssh ends by itself is always an error.
func Run(ctx context.Context, site v1alpha1.Site, forwards []Forward, in io.Reader, out io.Writer, opened func()) error {
	argv, err := login(site)
	if err != nil {
		return err
	}
	argv = append(argv, "-N", "-o", "BatchMode=no", "-o", "ExitOnForwardFailure=yes", "-o", "ServerAliveInterval=30")
	for _, f := range forwards {
		argv = append(argv, "-L", f.argument())
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ssh := exec.CommandContext(running, argv[0], argv[1:]...)
	ssh.Stdin, ssh.Stdout, ssh.Stderr = in, out, out
	ssh.Cancel = func() error { return ssh.Process.Signal(syscall.SIGTERM) }
	ssh.WaitDelay = sshEndsSoon
	if err := ssh.Start(); err != nil {
		return fmt.Errorf("starting ssh: %w; install it, or run the commands elsewhere: assay tunnel", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- ssh.Wait(); close(ended) }()
	if err = await(ctx, forwards, ended); err == nil {
		opened()
		err = sshEnded(site.Spec.Login.Host, <-ended)
	}
	stop()
	<-ended
	if ctx.Err() != nil { // Ctrl-C reaches ssh too, so that it can have ended first
		return ctx.Err()
	}
	return err
}

// await waits until every local port answers.
func await(ctx context.Context, forwards []Forward, ended <-chan error) error {
	tick := time.NewTicker(answerEvery)
	defer tick.Stop()
	tooLong := time.After(openWithin)
	for i := 0; i < len(forwards); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			return fmt.Errorf("ssh ended before the tunnels were open (%v); try its command: assay tunnel", err)
		case <-tooLong:
			return fmt.Errorf("the tunnels did not open within %s; try the command by itself: assay tunnel", openWithin)
		case <-tick.C:
		}
		for i < len(forwards) && answers(forwards[i].LocalPort) {
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

func sshEnded(host string, err error) error {
	if err == nil {
		return fmt.Errorf("ssh to %s has ended; open the tunnels again: assay tunnel --open", host)
	}
	return fmt.Errorf("ssh to %s has ended (%w); open the tunnels again: assay tunnel --open", host, err)
}
