package store

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"assay/drivers/durable"
)

// Holder is who holds, or held, the lease.
type Holder struct {
	Host     string `json:"host"`
	Machine  string `json:"machine"` // tells hosts, reboots and containers of one name apart
	PID      int    `json:"pid"`
	Start    string `json:"start"` // start time of the process, to tell a reused pid
	User     string `json:"user"`
	What     string `json:"what"` // apply, watch, sync, controller …
	Epoch    int64  `json:"epoch"`
	Beat     uint64 `json:"beat"` // counts up while the holder lives; clocks of other machines are not trusted
	Released bool   `json:"released,omitempty"`
}

// HeldError means that somebody alive holds the lease.
type HeldError struct{ Holder Holder }

func (e *HeldError) Error() string {
	h := e.Holder
	return fmt.Sprintf("assay %s (pid %d of %s on %s) holds the lease of this state directory; wait for it, or stop it there with: kill %d", h.What, h.PID, h.User, h.Host, h.PID)
}

// Holder returns who holds the lease, and whether that one lives as far as one look can tell.
func (s *Store) Holder() (Holder, bool, error) {
	h, err := s.newest()
	return h, err == nil && h.Epoch > 0 && !h.Released && !h.dead(), err
}

func self(what string, epoch int64) Holder {
	host, _ := os.Hostname() // for people; an unknown one stays empty
	name := strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	return Holder{Host: host, Machine: machine(), PID: os.Getpid(), Start: startTime(os.Getpid()), User: name, What: what, Epoch: epoch}
}

// machine is where a pid means something: one boot of one host, and one pid namespace of it.
func machine() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	pids, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(boot)) + " " + pids
}

// dead reports whether the holder's process certainly is no more. Of another machine's process that cannot be said.
func (h Holder) dead() bool {
	if h.Machine != machine() {
		return false
	}
	err := syscall.Kill(h.PID, 0)
	return err != nil && !errors.Is(err, syscall.EPERM) || startTime(h.PID) != h.Start
}

// startTime is field 22 of /proc/PID/stat, in clock ticks since boot; empty for a process that is gone or a zombie.
func startTime(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:])) // the name before may hold anything
	if len(f) < 20 || f[0] == "Z" {
		return ""
	}
	return f[19]
}

func (s *Store) leasePath(epoch int64) string {
	return filepath.Join(s.dir, "lease", fmt.Sprintf("%012d.json", epoch))
}

// epochs lists the epochs that there are, in order.
func (s *Store) epochs() ([]int64, error) {
	files, err := durable.Names(filepath.Join(s.dir, "lease"))
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, n := range files {
		base, ok := strings.CutSuffix(n, ".json")
		if e, err := strconv.ParseInt(base, 10, 64); ok && err == nil {
			out = append(out, e)
		}
	}
	slices.Sort(out)
	return out, nil
}

// newest reads the highest epoch's file; a zero Holder when there is none.
func (s *Store) newest() (Holder, error) {
	var h Holder
	epochs, err := s.epochs()
	if err != nil || len(epochs) == 0 {
		return h, err
	}
	err = durable.ReadRecord(s.leasePath(epochs[len(epochs)-1]), &h)
	return h, err
}
