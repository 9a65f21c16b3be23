package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"assay/reconciler/view"
)

// elsewhere: the attacker sits on another machine of the network. What listens on loopback is not there for him, what else the
// victim has open is in the list of listeners, and asks him for what he does not have.
func (s *shared) elsewhere(t *testing.T) {
	inside, hosts := s.network(t)
	open, closed := s.kernel(t)
	listed := guarded(s.listeners())
	ports := slices.Concat(open, closed)
	got := s.begin(t, "reach", attack{Ports: ports, Hosts: hosts}, inside...).end()
	for _, port := range ports {
		isListed := slices.ContainsFunc(listed, func(l view.ListenerStatus) bool { return strings.HasSuffix(l.Address, ":"+strconv.Itoa(port)) })
		switch reached := slices.Contains(got.Ports, port); {
		case reached && slices.Contains(closed, port):
			t.Errorf("port %d is reached, which is meant to be on loopback", port)
		case reached && !isListed:
			t.Errorf("port %d is reached, and is not in the list of listeners", port)
		case !reached && slices.Contains(open, port):
			t.Errorf("port %d is open and was not reached: the test shows nothing", port)
		}
	}
	if len(open) < 3 || len(closed) < 2 {
		t.Errorf("open %v, closed %v", open, closed)
	}
	tried := s.begin(t, "ask", attack{Listeners: listed, Hosts: hosts}, inside...).end().Tried
	if tried["answered"] == 0 {
		t.Errorf("nobody answered: %v", tried)
	}
}

// kernel are the ports on which the victim's programs listen, as the kernel tells it: open to the network, and on loopback alone.
// srun's are left out: it listens for its own daemons, which prove themselves to it as Slurm wants it.
func (s *shared) kernel(t *testing.T) (open, closed []int) {
	t.Helper()
	own := listening(t, s.top)
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		b, err := os.ReadFile(table)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if f[3] != "0A" || f[7] != strconv.Itoa(s.victim.uid) {
				continue
			}
			address, hex, _ := strings.Cut(f[1], ":")
			port, err := strconv.ParseUint(hex, 16, 16)
			if err != nil || own[int(port)] == "" {
				continue
			}
			if address == "0100007F" || strings.HasSuffix(address, "01000000") && len(address) == 32 {
				closed = append(closed, int(port))
			} else {
				open = append(open, int(port))
			}
		}
	}
	return open, closed
}

// network connects a new network namespace with this one, and returns what runs a program in it as the attacker, and the addresses
// of this machine.
func (s *shared) network(t *testing.T) (inside, hosts []string) {
	t.Helper()
	enter, ours := newNetwork(t)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && !ip.IsLoopback() && ip.To4() != nil {
			hosts = append(hosts, ip.String())
		}
	}
	if !slices.Contains(hosts, ours) {
		t.Fatalf("this machine has %v, and not %s", hosts, ours)
	}
	return append(enter, s.attacker.become()...), hosts
}

// become runs a program as a person.
func (p person) become() []string {
	return []string{"setpriv", "--reuid=" + strconv.Itoa(p.uid), "--regid=" + strconv.Itoa(int(p.as.Gid)), "--clear-groups"}
}

// networks counts them: each has addresses of its own.
var networks atomic.Int32

// newNetwork connects a new network namespace with this one, and returns what runs a program in it, and this machine's address there.
func newNetwork(t *testing.T) (enter []string, ours string) {
	t.Helper()
	holder := exec.Command("sleep", "600")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		t.Skipf("no network namespace can be made here: %v", err)
	}
	t.Cleanup(func() { _ = holder.Process.Kill(); _ = holder.Wait() }) // and the namespace goes, with its end of the cable
	pid := strconv.Itoa(holder.Process.Pid)
	n := (2*os.Getpid() + int(networks.Add(1))) % 250
	ours, his := fmt.Sprintf("10.78.%d.1", n), fmt.Sprintf("10.78.%d.2", n)
	enter = []string{"nsenter", "--net=/proc/" + pid + "/ns/net"}
	in := func(argv ...string) []string { return append(slices.Clone(enter), argv...) }
	for _, argv := range [][]string{
		{"ip", "link", "add", "as" + pid, "type", "veth", "peer", "name", "his", "netns", pid}, {"ip", "address", "add", ours + "/30", "dev", "as" + pid},
		{"ip", "link", "set", "as" + pid, "up"}, in("ip", "link", "set", "lo", "up"), in("ip", "address", "add", his+"/30", "dev", "his"),
		in("ip", "link", "set", "his", "up"), in("ip", "route", "add", "default", "via", ours),
	} {
		if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
			t.Skipf("no network can be made here: %v: %v %s", argv, err, out)
		}
	}
	return enter, ours
}
