package remote

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"assay/drivers/bounded"
)

var (
	// ErrConnect marks that the host of a context was not reached, or that assay could not begin there.
	ErrConnect = errors.New("no connection")
	// ErrLost marks that the connection ended while the verb ran.
	ErrLost = errors.New("the connection was lost")
)

const (
	connectWithin = 5 * time.Minute // a user may have to type a password and a code
	beginWithin   = time.Minute     // assay at the site, once the connection is there
	endsSoon      = 5 * time.Second // ssh, once nothing is left to do
	mostSaid      = 16 << 10        // bytes of what ssh says that are kept, the last
	mostNoise     = 64 << 10        // bytes that a login shell can print before assay begins
)

// Options say how the site of a context is reached.
type Options struct {
	Context Context
	Binary  string    // the program that is copied there
	Cache   string    // folder of this user for what can be made again
	Sockets []string  // folders for the socket of ssh: SocketFolders
	Hide    []string  // variables that hold secrets, which ssh does not get
	Errors  io.Writer // what ssh says while it connects
	Note    func(format string, v ...any)
}

// Conn is assay at the site: what it reads and writes. Close ends it.
type Conn struct {
	ssh  ssh
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	said *tail
	once sync.Once
	err  error
}

// Connect begins assay at the site of a context. The connection is opened if there is none, which may ask on the terminal, and
// the program is copied if it is not there.
func Connect(ctx context.Context, o Options) (*Conn, error) {
	s, err := newSSH(o.Context, o.Sockets)
	if err != nil {
		return nil, err
	}
	env := environment(o.Hide)
	if err := s.open(ctx, env, o.Errors); err != nil {
		return nil, err
	}
	sum, err := Sum(o.Binary, o.Cache+"/binary.sum")
	if err != nil {
		return nil, fmt.Errorf("reading assay's own binary: %w", err)
	}
	c, missing, err := s.begin(ctx, env, sum)
	if err != nil && ctx.Err() == nil {
		missing = s.damaged(ctx, env, sum)
	}
	if missing == "" {
		return c, err
	}
	if err := s.install(ctx, env, o, sum, missing); err != nil {
		return nil, err
	}
	c, missing, err = s.begin(ctx, env, sum)
	if missing != "" {
		return nil, fmt.Errorf("%w: assay was copied to %s and is not there: %s", ErrConnect, s.Host, missing)
	}
	return c, err
}

// open opens the connection that verbs share, unless it is there. This ssh is in the foreground, so that it can ask for a
// password, and Ctrl-C ends it.
func (s ssh) open(ctx context.Context, env []string, errs io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, connectWithin)
	defer cancel()
	check := s.command(ctx, env, s.argv([]string{"-O", "check"}))
	if check.Run() == nil {
		return nil
	}
	cmd := s.command(ctx, env, s.argv([]string{"-n"}, "exit 0"))
	if errs != nil {
		cmd.Stderr = struct{ io.Writer }{errs} // by a pipe: the connection that stays behind must not hold what the user reads
	}
	err := cmd.Run()
	if err == nil || errors.Is(err, exec.ErrWaitDelay) { // the connection that stays behind may hold the pipe
		return nil
	}
	if ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ctx.Err()
	}
	return fmt.Errorf("%w to %s: ssh ended with %w; try it by itself: %s", ErrConnect, s.Host, err, strings.Join(append([]string{"ssh"}, s.login()...), " "))
}

func (s ssh) command(ctx context.Context, env []string, argv []string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = env
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Second
	return cmd
}

// begin runs assay at the site. It is missing there when missing is not empty, which says what system the site has. ssh is in
// a process group of its own: Ctrl-C is for the verb, which gets it as a frame.
func (s ssh) begin(ctx context.Context, env []string, sum string) (_ *Conn, missing string, err error) {
	cmd := s.command(context.WithoutCancel(ctx), env, s.argv([]string{"-o", "BatchMode=yes"}, beginScript(sum)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c := &Conn{ssh: s, cmd: cmd, said: newTail()}
	cmd.Stderr = c.said
	if c.in, err = cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	out, w, err := os.Pipe() // not StdoutPipe: Wait would close it under a reader
	if err != nil {
		return nil, "", err
	}
	cmd.Stdout, c.out = w, bufio.NewReaderSize(out, 64<<10)
	err = cmd.Start()
	_ = w.Close()
	if err != nil {
		_ = out.Close()
		return nil, "", fmt.Errorf("%w: starting ssh: %w; install it", ErrConnect, err)
	}
	greeted := make(chan error, 1)
	go func() { greeted <- greeting(c.out) }()
	late := time.NewTimer(beginWithin)
	defer late.Stop()
	select {
	case err = <-greeted:
	case <-late.C:
		err = fmt.Errorf("assay did not begin within %s", beginWithin)
	case <-ctx.Done():
		_ = c.Close()
		return nil, "", ctx.Err()
	}
	if err == nil {
		return c, "", nil
	}
	ended := c.Close()
	if what, ok := c.said.after(missingWord); ok {
		return nil, what, nil
	}
	return nil, "", fmt.Errorf("%w: assay did not begin on %s (%w, %v)%s", ErrConnect, s.Host, err, ended, c.said.suffix())
}

// greeting reads until assay says that it is there.
func greeting(r *bufio.Reader) error {
	for n := 0; n < mostNoise; {
		line, err := r.ReadSlice('\n')
		if bytes.HasSuffix(line, []byte(magic)) {
			return nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		n += len(line)
	}
	return fmt.Errorf("the login shell prints more than %d KiB; let it print nothing when it is not interactive", mostNoise>>10)
}

func (c *Conn) Read(p []byte) (int, error)  { return c.out.Read(p) }
func (c *Conn) Write(p []byte) (int, error) { return c.in.Write(p) }

// Close tells assay there that the laptop is gone, waits a moment, and returns how ssh ended.
func (c *Conn) Close() error {
	c.once.Do(func() {
		_ = c.in.Close()
		kill := time.AfterFunc(endsSoon, func() { _ = c.cmd.Process.Kill() })
		defer kill.Stop()
		c.err = c.cmd.Wait()
	})
	return c.err
}

// Ended is Close, with what ssh and assay at the site have said outside of the protocol.
func (c *Conn) Ended() string {
	if err := c.Close(); err != nil {
		return err.Error() + c.said.suffix()
	}
	return "ssh has ended" + c.said.suffix()
}

// Kill ends ssh at once.
func (c *Conn) Kill() { _ = c.cmd.Process.Kill() }

// tail is the end of what ssh says.
type tail struct{ bounded.Tail }

func newTail() *tail { return &tail{bounded.Tail{Limit: mostSaid}} }

// after returns the rest of the line that begins with a word.
func (t *tail) after(word string) (string, bool) {
	for line := range strings.Lines(t.String()) {
		if rest, ok := strings.CutPrefix(line, word+" "); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}

// suffix is what was said, to be appended to an error.
func (t *tail) suffix() string {
	if s := strings.TrimSpace(t.String()); s != "" {
		return ":\n" + s
	}
	return ""
}

// Disconnect ends the connection that the verbs of a context share, if there is one.
func Disconnect(ctx context.Context, c Context, sockets []string) error {
	s, err := newSSH(c, sockets)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, endsSoon)
	defer cancel()
	if s.command(ctx, os.Environ(), s.argv([]string{"-O", "check"})).Run() != nil {
		return nil
	}
	return s.command(ctx, os.Environ(), s.argv([]string{"-O", "exit"})).Run()
}
