package procid

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestListeners finds every socket on a port by address, user and holder.
func TestListeners(t *testing.T) {
	first, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	port := first.Addr().(*net.TCPAddr).Port
	want := []string{"127.0.0.1"}
	for _, address := range []string{"127.0.0.2", "::1"} {
		if l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(address), Port: port}); err == nil {
			defer l.Close()
			want = append(want, address)
		}
	}
	c, err := net.Dial("tcp", first.Addr().String()) // an established connection is no listener
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	all, err := Listeners(port)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range all {
		got = append(got, s.Address.Addr().String())
		if s.UID != os.Geteuid() || !slices.Contains(s.Holders(), os.Getpid()) {
			t.Errorf("%+v is held by %v", s, s.Holders())
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if none, err := Listeners(1); err != nil || len(none) != 0 {
		t.Errorf("%v, %v", none, err)
	}
}

// TestParseSocket: the lines are those of Linux on a machine whose words begin with the least byte.
func TestParseSocket(t *testing.T) {
	for line, want := range map[string]string{
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7025338 1 0 100 0 0 10 0":                               "127.0.0.1:8080 1000 7025338",
		"   1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0": "[::]:8080 0 12",
		"   1: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0": "127.0.0.1:8080 0 12",
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode":                                                  "bad",
		"   0: 0100007F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 7025338":                                                     "bad",
		"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  x        0 7025338":                                                   "bad",
		"":        "bad",
		"a b c d": "bad",
	} {
		s, err := parseSocket(line)
		if want == "bad" {
			if err == nil {
				t.Errorf("%q is %+v", line, s)
			}
			continue
		}
		f := strings.Fields(want)
		if err != nil || s.state != listening || s.Address.String() != f[0] {
			t.Errorf("%q is %+v, %v", line, s, err)
		}
	}
}

// TestBelow: a child, what left its session, and what carries the word are below; the test itself is not.
func TestBelow(t *testing.T) {
	const word = "ASSAY_TEST_BELOW=yes"
	start := func(env []string, argv ...string) *exec.Cmd {
		c := exec.Command(argv[0], argv[1:]...)
		c.Env = env
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = errors.Join(c.Process.Kill(), c.Wait()) })
		return c
	}
	plain, marked := start(nil, "sleep", "1000"), start([]string{word}, "/bin/sleep", "1000")
	for _, c := range []struct {
		pid   int
		word  string
		roots []int
		want  bool
	}{
		{plain.Process.Pid, "", []int{plain.Process.Pid}, true}, {plain.Process.Pid, "", []int{os.Getpid()}, true}, {os.Getpid(), "", []int{plain.Process.Pid}, false},
		{plain.Process.Pid, word, nil, false}, {os.Getpid(), "", nil, false}, {1 << 30, word, []int{os.Getpid()}, false}, {plain.Process.Pid, "", []int{0, 1}, false},
	} {
		if got := Below(c.pid, c.word, c.roots...); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	deadline := 0
	for ; !Below(marked.Process.Pid, word) && deadline < 100000; deadline++ { // until it has become sleep
	}
	if deadline == 100000 {
		t.Error("what carries the word is not below")
	}
}

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{"0100007F:1F90": "127.0.0.1:8080", "0000000000000000FFFF00000100007F:0050": "127.0.0.1:80",
		"00000000000000000000000001000000:0050": "[::1]:80", "x": "invalid AddrPort", "0100007F": "invalid AddrPort"} {
		if at, err := parseAddress(text); at.String() != want || (err == nil) != at.IsValid() {
			t.Errorf("%s is %s, want %s", text, at, want)
		}
	}
}
