package procid

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary a process of another pid namespace: it prints its own identity and what it knows of
// the one that it is given.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "judge" {
		os.Exit(m.Run())
	}
	var given ID
	err := json.Unmarshal([]byte(os.Args[2]), &given)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(verdict{Self(), Self().State(), given.Here(), given.State(), given.String()})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type verdict struct {
	Self  ID
	Own   State
	Here  bool
	State State
	Text  string
}

func want(t *testing.T, what string, id ID, state State) {
	t.Helper()
	if got := id.State(); got != state {
		t.Errorf("%s: state %d, want %d: %+v", what, got, state, id)
	}
}

func TestHere(t *testing.T) {
	self := Self()
	if self.Boot == "" || self.Namespace == "" || self.Start == "" || self.PID != os.Getpid() || !self.Here() {
		t.Fatalf("this process is %+v", self)
	}
	want(t, "this process", self, Alive)
	want(t, "its parent", Of(os.Getppid()), Alive)
	reused := self
	reused.Start = "1"
	want(t, "an earlier process of this pid", reused, Gone)
	want(t, "a pid that no process has", Of(1<<30), Gone)
	want(t, "no process at all", ID{}, Unknown)
	if text := self.String(); !strings.Contains(text, fmt.Sprint(os.Getpid())) || !strings.Contains(text, "this host") {
		t.Errorf("it is called %q", text)
	}
}

func TestChild(t *testing.T) {
	c := exec.Command("sleep", "60")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	child := Of(c.Process.Pid)
	want(t, "a child", child, Alive)
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); child.State() != Gone && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
	}
	want(t, "a zombie", child, Gone)
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", child.PID)); err != nil {
		t.Errorf("it is not a zombie: %v", err)
	}
	if of := Of(child.PID); of.Start != "" {
		t.Errorf("a zombie is identified as %+v", of)
	}
	var exit *exec.ExitError
	if err := c.Wait(); !errors.As(err, &exit) {
		t.Fatal(err)
	}
	want(t, "a child that was waited for", child, Gone)
}

func TestElsewhere(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*ID)
		state  State
		text   string
	}{
		"another boot of this host":                   {func(i *ID) { i.Boot = "b" }, Gone, "on host"},
		"another boot of a host without an id":        {func(i *ID) { i.Boot, i.Machine = "b", "" }, Unknown, "on host"},
		"another host":                                {func(i *ID) { i.Boot, i.Machine, i.Host = "b", "m", "far" }, Unknown, "on host far"},
		"another host with a copied machine id":       {func(i *ID) { i.Boot, i.Host = "b", "far" }, Unknown, "on host far"},
		"another pid namespace":                       {func(i *ID) { i.Namespace = "pid:[1]" }, Unknown, "another pid namespace"},
		"an older record of a living process":         {func(i *ID) { i.Namespace, i.Host, i.Machine = "", "", "" }, Alive, "an unknown host"},
		"an older record of another process":          {func(i *ID) { i.Namespace, i.Start = "", "1" }, Unknown, "an unknown pid namespace"},
		"an older record of another boot":             {func(i *ID) { i.Namespace, i.Host, i.Machine, i.Boot = "", "", "", "b" }, Unknown, "an unknown host"},
		"a record without a boot (there is no /proc)": {func(i *ID) { i.Boot = "" }, Unknown, "on host"},
	} {
		id := Self()
		if id.Machine == "" {
			t.Skip("this host has no /etc/machine-id")
		}
		test.change(&id)
		want(t, name, id, test.state)
		if text := id.String(); !strings.Contains(text, test.text) {
			t.Errorf("%s is called %q", name, text)
		}
		if id.Here() {
			t.Errorf("%s is here", name)
		}
	}
}

// TestNamespaces judges this process from another pid namespace, and that one from here.
func TestNamespaces(t *testing.T) {
	for name, flags := range map[string][]string{"its own /proc": {"--mount-proc"}, "the /proc of this namespace": nil} {
		t.Run(name, func(t *testing.T) {
			unshare := append([]string{"--pid", "--fork"}, flags...)
			if out, err := exec.Command("unshare", append(unshare, "true")...).CombinedOutput(); err != nil {
				if os.Geteuid() == 0 {
					t.Fatalf("root cannot make a pid namespace: %v: %s", err, out)
				}
				t.Skipf("making a pid namespace is not permitted here: %v: %s", err, out)
			}
			given, err := json.Marshal(Self())
			if err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command("unshare", append(unshare, os.Args[0], "judge", string(given))...).Output()
			if err != nil {
				t.Fatal(err)
			}
			var v verdict
			if err := json.Unmarshal(out, &v); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if v.Here || v.State != Unknown || !strings.Contains(v.Text, "another pid namespace") {
				t.Errorf("there this process is %+v", v)
			}
			if own := map[bool]State{true: Alive, false: Unknown}[flags != nil]; v.Own != own {
				t.Errorf("there its own state is %d, want %d", v.Own, own)
			}
			if v.Self.Here() || v.Self.State() != Unknown || v.Self.Boot != Self().Boot || v.Self.PID != 1 {
				t.Errorf("here that process is %+v, state %d", v.Self, v.Self.State())
			}
		})
	}
}
