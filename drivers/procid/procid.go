// Package procid says which process something was, and whether that process still lives.
//
// A pid alone is no identity: it is reused, it means something else in another pid namespace, and on another host it
// means nothing. An ID holds all that tells processes apart. Of a process that cannot be seen from here, State is
// Unknown: it is neither taken for alive nor for gone, and nothing of it is ended.
//
//	same boot, same pid namespace            Alive or Gone: /proc says
//	same host, another boot                  Gone: the host has restarted since
//	another pid namespace, or another host   Unknown
//
// Nothing is imported but the standard library. It reads /proc and so works on Linux.
package procid

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
)

// ID is what a process is. It is written into records and compared by those who read them.
type ID struct {
	Host      string `json:"host"`                // name
	Machine   string `json:"machineID,omitempty"` // /etc/machine-id: tells hosts of one name apart
	Boot      string `json:"boot"`                // of the kernel
	Namespace string `json:"pidNamespace"`
	PID       int    `json:"pid"`
	Start     string `json:"start"` // of the process, in clock ticks since boot: tells a reused pid
}

// State is what is known of a process.
type State int

// The states.
const (
	Unknown State = iota // it cannot be seen from here
	Alive
	Gone
)

// here is the part of an ID that all processes of this one's pid namespace share.
var here = sync.OnceValue(func() ID {
	host, _ := os.Hostname()                                  // for people; an unknown one stays empty
	machine, _ := os.ReadFile("/etc/machine-id")              // some containers have none
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id") // without /proc nothing is ever Gone
	namespace, _ := os.Readlink("/proc/self/ns/pid")
	return ID{Host: host, Machine: strings.TrimSpace(string(machine)), Boot: strings.TrimSpace(string(boot)), Namespace: namespace}
})

// Self is this process.
func Self() ID { return Of(os.Getpid()) }

// Of is a process of this pid namespace; Start is empty when there is none of that pid.
func Of(pid int) ID {
	id := here()
	id.PID, id.Start = pid, startTime(pid)
	return id
}

// Here reports whether the process can be seen from here: the same boot of the same host, the same pid namespace.
func (i ID) Here() bool {
	h := here()
	return i.Boot != "" && i.Boot == h.Boot && i.Namespace != "" && i.Namespace == h.Namespace
}

// State says whether the process lives.
func (i ID) State() State {
	h := here()
	switch {
	case i.Here() && i.Start != "" && startTime(i.PID) == i.Start:
		return Alive
	case i.Here():
		return Gone
	case i.Machine != "" && i.Machine == h.Machine && i.Host == h.Host && i.Boot != "" && i.Boot != h.Boot:
		return Gone
	}
	return Unknown
}

// String names the process for people.
func (i ID) String() string {
	switch h := here(); {
	case i.Here():
		return fmt.Sprintf("pid %d on this host", i.PID)
	case i.Host == h.Host && i.Boot == h.Boot:
		return fmt.Sprintf("pid %d on this host, in another pid namespace (a container)", i.PID)
	}
	return fmt.Sprintf("pid %d on host %s", i.PID, i.Host)
}

// Signal sends a signal to the process if it is certainly the one meant. A process that is gone is no error.
func (i ID) Signal(s syscall.Signal) error {
	switch i.State() {
	case Gone:
		return nil
	case Unknown:
		return fmt.Errorf("signalling %s: it cannot be seen from here", i)
	}
	if err := syscall.Kill(i.PID, s); err != nil && err != syscall.ESRCH {
		return fmt.Errorf("signalling %s: %w", i, err)
	}
	return nil
}

// startTime is field 22 of /proc/PID/stat; empty for a process that is gone or a zombie.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:])) // the name before may hold anything
	if len(f) < 20 || f[0] == "Z" || f[0] == "X" {
		return ""
	}
	return f[19]
}
