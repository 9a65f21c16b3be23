package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// laptop is a user in a network of their own, whose assay reaches a site by ssh alone.
type laptop struct {
	t       *testing.T
	enter   []string // runs a program in the laptop's network, as its user
	user    person
	site    person // the same human's account there
	env     []string
	sshd    int // its process
	address string
	port    int
}

// newLaptop starts an sshd that forwards nothing and gives no terminal, for one user with one key.
func newLaptop(t *testing.T) *laptop {
	if os.Getuid() != 0 {
		t.Skip("an sshd for another user, and a network of its own, take root")
	}
	sshd, err := exec.LookPath("/usr/sbin/sshd")
	if err != nil && os.Getenv("ASSAY_REQUIRE_SSHD") != "1" {
		t.Skip("no sshd: apt-get install openssh-server")
	}
	top, err := os.MkdirTemp("", "assay-lap-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(top) })
	for _, d := range []string{top, filepath.Dir(binary)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	l := &laptop{t: t, user: newPerson(t, "laptop", filepath.Join(top, "laptop")), site: newPerson(t, "site", filepath.Join(top, "site"))}
	t.Cleanup(func() { stopLocal(top) })
	enter, ours := newNetwork(t)
	l.address, l.port = ours, freePortOf(t, ours)
	l.enter = append(enter, l.user.become()...)
	l.env = []string{"HOME=" + l.user.home, "USER=" + l.user.name, "PATH=/usr/bin:/bin:" + filepath.Dir(binary), "TERM=xterm"}
	l.keys(top)
	config := fmt.Sprintf("Port %d\nListenAddress %s\nHostKey %s/host\nPidFile none\nUsePAM no\nPasswordAuthentication no\nDisableForwarding yes\nPermitTTY no\n", l.port, ours, top)
	if err := os.WriteFile(top+"/sshd_config", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = os.MkdirAll("/run/sshd", 0o755) // sshd wants it, and makes it only with an init system
	d := exec.Command(sshd, "-D", "-e", "-f", top+"/sshd_config")
	var said sayings
	d.Stderr = &said
	if err := d.Start(); err != nil {
		t.Fatal(err)
	}
	l.sshd = d.Process.Pid
	t.Cleanup(func() {
		_ = d.Process.Kill()
		_ = d.Wait()
		if t.Failed() {
			t.Logf("sshd: %s", said.String())
		}
	})
	l.until("sshd listens", func() bool {
		c, err := net.Dial("tcp", net.JoinHostPort(ours, strconv.Itoa(l.port)))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	})
	return l
}

func freePortOf(t *testing.T, host string) int {
	t.Helper()
	l, err := net.Listen("tcp", host+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// keys gives the laptop a key that the site takes, and the site's host key.
func (l *laptop) keys(top string) {
	l.t.Helper()
	do := func(argv ...string) {
		l.t.Helper()
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			l.t.Fatalf("%v: %v %s", argv, err, out)
		}
	}
	theirs, ours := l.user.home+"/.ssh", l.site.home+"/.ssh"
	do("usermod", "-p", "*", l.site.name) // no password, and not locked
	do("mkdir", "-m", "700", theirs, ours)
	do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", top+"/host")
	do("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", theirs+"/id_ed25519")
	do("cp", theirs+"/id_ed25519.pub", ours+"/authorized_keys")
	host, err := os.ReadFile(top + "/host.pub")
	if err != nil {
		l.t.Fatal(err)
	}
	l.put(l.user, ".ssh/known_hosts", fmt.Sprintf("[%s]:%d %s", l.address, l.port, host))
	l.put(l.user, ".ssh/config", fmt.Sprintf("Host hpc\n  HostName %s\n  User %s\n", l.address, l.site.name))
	do("chown", "-R", strconv.Itoa(l.user.uid), l.user.home)
	do("chown", "-R", strconv.Itoa(l.site.uid), l.site.home)
}

func (l *laptop) put(who person, name, text string) {
	l.t.Helper()
	path := filepath.Join(who.home, name)
	err := os.WriteFile(path+"~", []byte(text), 0o600)
	if err == nil {
		err = os.Chown(path+"~", who.uid, int(who.as.Gid))
	}
	if err == nil {
		err = os.Rename(path+"~", path)
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// command is a program on the laptop.
func (l *laptop) command(ctx context.Context, argv ...string) *exec.Cmd {
	all := append(append([]string{}, l.enter...), argv...)
	c := exec.CommandContext(ctx, all[0], all[1:]...)
	c.Dir, c.Env = l.user.home, l.env
	return c
}

// run types a verb on the laptop.
func (l *laptop) run(args ...string) (stdout, stderr string, code int) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 5*time.Minute)
	defer cancel()
	return l.end(l.command(ctx, append([]string{binary}, args...)...))
}

func (l *laptop) end(c *exec.Cmd) (stdout, stderr string, code int) {
	l.t.Helper()
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		l.t.Fatal(err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// is types a verb that has to end with a code, and returns all that it says.
func (l *laptop) is(code int, args ...string) string {
	l.t.Helper()
	out, errs, got := l.run(args...)
	if got != code {
		l.t.Fatalf("assay %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, out, errs)
	}
	return out + errs
}

func (l *laptop) until(what string, done func() bool) {
	l.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			l.t.Fatalf("not within a minute: %s", what)
		}
	}
}

// begun is a verb that goes on.
type begun struct {
	l         *laptop
	cmd       *exec.Cmd
	out, errs sayings
	ended     chan struct{}
}

func (l *laptop) begin(args ...string) *begun {
	l.t.Helper()
	b := &begun{l: l, cmd: l.command(context.Background(), append([]string{binary}, args...)...), ended: make(chan struct{})}
	b.cmd.Stdout, b.cmd.Stderr = &b.out, &b.errs
	b.cmd.WaitDelay = time.Second
	if err := b.cmd.Start(); err != nil {
		l.t.Fatal(err)
	}
	go func() { _ = b.cmd.Wait(); close(b.ended) }()
	l.t.Cleanup(func() { _ = b.cmd.Process.Kill(); <-b.ended })
	return b
}

// says waits until the verb has said something.
func (b *begun) says(text string) {
	b.l.t.Helper()
	b.l.until(fmt.Sprintf("%v says %q", b.cmd.Args, text), func() bool {
		select {
		case <-b.ended:
			if !strings.Contains(b.out.String()+b.errs.String(), text) {
				b.l.t.Fatalf("%v ended: %s%s", b.cmd.Args, b.out.String(), b.errs.String())
			}
		default:
		}
		return strings.Contains(b.out.String()+b.errs.String(), text)
	})
}

// ends waits for the exit code.
func (b *begun) ends(code int) {
	b.l.t.Helper()
	select {
	case <-b.ended:
	case <-time.After(time.Minute):
		b.l.t.Fatalf("%v does not end: %s%s", b.cmd.Args, b.out.String(), b.errs.String())
	}
	if got := b.cmd.ProcessState.ExitCode(); got != code {
		b.l.t.Errorf("%v: exit code %d, want %d: %s%s", b.cmd.Args, got, code, b.out.String(), b.errs.String())
	}
}

func (b *begun) interrupt() { _ = b.cmd.Process.Signal(syscall.SIGINT) }

// get asks an address of the laptop, as its user or as root there.
func (l *laptop) get(root bool, url string, args ...string) string {
	argv := append([]string{"curl", "-s", "-m", "10", "-w", " %{http_code}", url}, args...)
	c := l.command(l.t.Context(), argv...)
	if root {
		all := append(append([]string{}, l.enter[:2]...), argv...)
		c = exec.Command(all[0], all[1:]...)
	}
	out, _ := c.Output() // the code says it
	return string(out)
}

// serving are the processes of assay at the site that a laptop has begun.
func (l *laptop) serving() (pids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range all {
		if line, _ := os.ReadFile(p); bytes.Contains(line, []byte("\x00remote-serve\x00")) && bytes.Contains(line, []byte(l.site.home)) {
			pids = append(pids, filepath.Base(filepath.Dir(p)))
		}
	}
	return pids
}

// listens are the sockets, of the network and of the file system, on which a process listens.
func listens(pid string) (found []string) {
	inodes := map[string]string{}
	for table, column := range map[string]int{"tcp": 9, "tcp6": 9, "unix": 6} {
		b, _ := os.ReadFile("/proc/" + pid + "/net/" + table)
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > column && (table == "unix" && f[3] == "00010000" || table != "unix" && f[3] == "0A") {
				inodes["socket:["+f[column]+"]"] = line
			}
		}
	}
	fds, _ := filepath.Glob("/proc/" + pid + "/fd/*")
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err == nil && inodes[to] != "" {
			found = append(found, inodes[to])
		}
	}
	return found
}

// copyOf is what a file of the laptop holds.
func (l *laptop) copyOf(name string) string {
	l.t.Helper()
	f, err := os.Open(filepath.Join(l.user.home, name))
	if err != nil {
		l.t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Mode().Perm() != 0o600 || info.Sys().(*syscall.Stat_t).Uid != uint32(l.user.uid) {
		l.t.Errorf("%s is %v, %v", name, info, err)
	}
	b, err := io.ReadAll(f)
	if err != nil {
		l.t.Fatal(err)
	}
	return string(b)
}
