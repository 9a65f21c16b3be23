package parent

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// Options say what stands around a program.
type Options struct {
	Argv    []string
	Private string // a folder, see private.go; empty: none
	Listen  string // HOST:PORT of the door; empty: none
	To      string // 127.0.0.1:PORT of the server
	Key     string // the variable that holds the key
}

// Run runs the program to its end and returns its exit code; a signal that ended it ends this process too. An error means that
// it was not started.
func Run(o Options) (code int, err error) {
	if len(o.Argv) == 0 {
		return 0, errors.New("no program to run")
	}
	if o.Private != "" {
		syscall.Umask(0o077)
		leave, err := enter(o.Private)
		if err != nil {
			return 0, fmt.Errorf("making the folder of %s: %w", o.Argv[0], err)
		}
		defer leave()
	}
	if o.Listen != "" {
		l, err := open(o)
		if err != nil {
			return 0, err
		}
		defer l.Close()
	}
	return child(o.Argv)
}

// open begins to listen, before the server starts: a port that is taken ends the start.
func open(o Options) (net.Listener, error) {
	d := Door{Key: os.Getenv(o.Key), To: o.To}
	if d.Key == "" {
		return nil, fmt.Errorf("the variable %s holds no key", o.Key)
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listening for clients: %w", err)
	}
	go d.Serve(l)
	return l, nil
}

// child runs the program. What this process is told to end by reaches the program too, because they share a process group, and
// it ends first. It does not outlive this process: the signal for that is bound to the thread that starts it, which is kept.
func child(argv []string) (code int, err error) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c := exec.Command(argv[0], argv[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		return 0, err
	}
	_ = c.Wait() // the process state holds the outcome
	status, _ := c.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		return -int(status.Signal()), nil
	}
	return c.ProcessState.ExitCode(), nil
}

// End ends this process as its program ended, by what Run returned.
func End(code int) {
	if code < 0 {
		signal.Reset(syscall.Signal(-code))
		_ = syscall.Kill(os.Getpid(), syscall.Signal(-code))
		time.Sleep(time.Second) // it arrives at another thread
		os.Exit(128 - code)     // a signal that did not end it
	}
	os.Exit(code)
}
