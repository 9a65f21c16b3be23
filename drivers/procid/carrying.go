package procid

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// KillCarrying kills every process that has the word NAME=VALUE in the environment it was started with, except this one: also
// those that left their process group or session, and those in a pid namespace below this one. It returns nil once none is
// left, and an error with a pid when ctx ends first. A process whose environment this user cannot read is not found.
func KillCarrying(ctx context.Context, word string) error {
	for {
		left := KillCarryingOnce(word)
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("processes %v were killed and have not ended; see why with: ps -o pid,stat,wchan,args -p %d", left, left[0])
		case <-time.After(5 * time.Millisecond): // some may have forked meanwhile
		}
	}
}

// KillCarryingOnce kills those that there are now, and returns their pids.
func KillCarryingOnce(word string) (found []int) {
	procs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil || pid == os.Getpid() {
			continue
		}
		if carries(pid, word) {
			_ = syscall.Kill(pid, syscall.SIGKILL) // one that has just ended needs no kill
			found = append(found, pid)
		}
	}
	return found
}

// carries reports whether a process was started with the word in its environment, which is empty once it is ending.
func carries(pid int, word string) bool {
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	return err == nil && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+word+"\x00"))
}

// Carried are the values that a variable has in the environments of processes, each once, in no order.
func Carried(name string) (out []string) {
	seen := map[string]bool{}
	procs, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is well formed
	for _, p := range procs {
		env, err := os.ReadFile(p)
		if err != nil {
			continue // it has ended, or is another user's
		}
		for word := range bytes.SplitSeq(env, []byte{0}) {
			if value, ok := bytes.CutPrefix(word, []byte(name+"=")); ok && !seen[string(value)] {
				seen[string(value)] = true
				out = append(out, string(value))
			}
		}
	}
	return out
}
