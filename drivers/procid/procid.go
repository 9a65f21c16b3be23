// Package procid identifies a process and finds out whether it still runs.
//
// A pid alone is not an identity: it is reused, it names another process in another pid namespace, and on another host
// it means nothing. An ID holds everything that is needed to tell two processes apart. The state of a process that
// cannot be seen from here is Unknown: it counts neither as alive nor as gone, and nothing of it is ended from here.
//
//	this boot, this pid namespace          Alive or Gone, as /proc says
//	this host, another boot                Gone: the host has restarted since
//	another pid namespace, another host    Unknown
//
// The files: procid.go (identity and state), carrying.go (ending what carries a word in its environment), listening.go (who
// listens on a port: a secret is sent only to a process that is known), address.go (what a file says of a listener).
//
// It reads /proc and so works on Linux. Where /proc is missing, or belongs to another pid namespace than this process,
// every state is Unknown. It imports only the standard library.
package procid

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// ID identifies a process. Records hold it, so its JSON names stay as they are.
type ID struct {
	Host      string `json:"host"`                // name
	Machine   string `json:"machineID,omitempty"` // /etc/machine-id: distinguishes hosts of the same name
	Boot      string `json:"boot"`                // /proc/sys/kernel/random/boot_id
	Namespace string `json:"pidNamespace"`        // /proc/self/ns/pid; empty in records of an older assay
	PID       int    `json:"pid"`
	Start     string `json:"start"` // of the process, in clock ticks since boot: distinguishes uses of one pid
}

// State is what is known of a process.
type State int

// The states.
const (
	Unknown State = iota // it cannot be seen from here
	Alive
	Gone // it has ended; a zombie has, too
)

// here is what all processes of this pid namespace have in common. An unknown part stays empty, and matches nothing.
var here = sync.OnceValue(func() ID {
	host, _ := os.Hostname()
	machine, _ := os.ReadFile("/etc/machine-id") // some containers have none
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	id := ID{Host: host, Machine: strings.TrimSpace(string(machine)), Boot: strings.TrimSpace(string(boot))}
	if self, err := os.Readlink("/proc/self"); err == nil && self == strconv.Itoa(os.Getpid()) {
		id.Namespace, _ = os.Readlink("/proc/self/ns/pid")
	} // else /proc belongs to another pid namespace, and its pids mean nothing here
	return id
})

// Self identifies this process.
func Self() ID { return Of(os.Getpid()) }

// Of identifies the process of this pid namespace that has the pid now. Start is empty when there is none, or when /proc
// cannot tell.
func Of(pid int) ID {
	id := here()
	id.PID = pid
	if id.Namespace != "" {
		id.Start, _ = startTime(pid)
	}
	return id
}

// Here reports whether the process can be seen from here: the same boot of the same host and the same pid namespace.
func (i ID) Here() bool {
	h := here()
	return i.Boot != "" && i.Boot == h.Boot && i.Namespace != "" && i.Namespace == h.Namespace
}

// State is whether the process runs, as far as that can be known here.
func (i ID) State() State {
	h := here()
	switch {
	case i.Here():
		return i.lookup()
	case i.Boot == h.Boot && i.Namespace == "" && h.Namespace != "" && i.lookup() == Alive:
		return Alive // recorded by an older assay, without the namespace: a match is not an accident, a miss proves nothing
	case i.Machine != "" && i.Machine == h.Machine && i.Host == h.Host && i.Boot != "" && h.Boot != "" && i.Boot != h.Boot:
		return Gone
	}
	return Unknown
}

// lookup looks the process up among those of this pid namespace.
func (i ID) lookup() State {
	start, ok := startTime(i.PID)
	switch {
	case !ok:
		return Unknown
	case start != "" && start == i.Start:
		return Alive
	}
	return Gone
}

// String names the process for people.
func (i ID) String() string {
	h := here()
	host := "on host " + i.Host
	switch {
	case i.Host == "":
		host = "on an unknown host"
	case i.Host == h.Host && i.Boot == h.Boot:
		host = "on this host"
	}
	switch {
	case i.Boot != h.Boot || i.Here():
	case i.Namespace == "":
		host += ", in an unknown pid namespace"
	default:
		host += ", in another pid namespace (inside or outside of a container)"
	}
	return fmt.Sprintf("pid %d %s", i.PID, host)
}

// startTime is field 22 of /proc/PID/stat; empty when the process has ended, as a zombie has. It is false when that
// cannot be known: /proc can hide the processes of other users.
func startTime(pid int) (start string, ok bool) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", pid > 0 && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // the name before it can hold anything
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return "", true
	}
	return f[19], true
}
