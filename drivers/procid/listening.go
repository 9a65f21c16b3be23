package procid

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Socket is a TCP socket that listens on this host, as the kernel lists it.
type Socket struct {
	Address netip.AddrPort
	UID     int    // of the user who made it
	Inode   uint64 // tells it from every other socket while it is open
}

// Listeners are the sockets that listen on a port of this host, on whatever address. None is no error.
func Listeners(port int) ([]Socket, error) {
	var out []Socket
	for _, table := range []string{"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"} {
		f, err := os.Open(table)
		if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(table, "6") {
			continue // a kernel without IPv6
		}
		if err != nil {
			return nil, fmt.Errorf("finding out who listens on port %d: %w", port, err)
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			s, listens, err := parseSocket(lines.Text())
			if err == nil && !listens {
				break // those that listen come first
			}
			if err == nil && int(s.Address.Port()) == port {
				out = append(out, s)
			}
		}
		err = errors.Join(lines.Err(), f.Close())
		if err != nil {
			return nil, fmt.Errorf("finding out who listens on port %d: %w", port, err)
		}
	}
	return out, nil
}

// parseSocket takes a line of /proc/net/tcp or tcp6: its second field is the address, its fourth the state, then the user and
// the inode. The header is an error.
func parseSocket(line string) (s Socket, listens bool, err error) {
	f := strings.Fields(line)
	if len(f) < 10 {
		return s, false, errors.New("too few fields")
	}
	host, port, _ := strings.Cut(f[1], ":")
	b, err := hex.DecodeString(host)
	if err != nil || len(b) != 4 && len(b) != 16 {
		return s, false, fmt.Errorf("the address %.50q", f[1])
	}
	for i := 0; i < len(b); i += 4 { // words in the order of this machine
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	addr, _ := netip.AddrFromSlice(b)
	n, errPort := strconv.ParseUint(port, 16, 16)
	s.Address = netip.AddrPortFrom(addr.Unmap(), uint16(n))
	var errUID, errInode error
	s.UID, errUID = strconv.Atoi(f[7])
	s.Inode, errInode = strconv.ParseUint(f[9], 10, 64)
	return s, f[3] == "0A", errors.Join(errPort, errUID, errInode)
}

// Holders are the processes that have a socket open, as far as this user can see: none of another user's, and none that hides.
func (s Socket) Holders() (pids []int) {
	want := fmt.Sprintf("socket:[%d]", s.Inode)
	procs, _ := filepath.Glob("/proc/[0-9]*/fd") // the pattern is well formed
	for _, dir := range procs {
		fds, err := os.ReadDir(dir)
		if err != nil {
			continue
		}
		for _, fd := range fds {
			if to, err := os.Readlink(filepath.Join(dir, fd.Name())); err == nil && to == want {
				pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir))) // digits
				pids = append(pids, pid)
				break
			}
		}
	}
	return pids
}

// Below reports whether the process pid is one of the roots, descends from one or is in the process group of one, or was started
// with word, NAME=VALUE, in its environment.
func Below(pid int, word string, roots ...int) bool {
	if env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err == nil && word != "" && bytes.Contains(append([]byte{0}, env...), []byte("\x00"+word+"\x00")) {
		return true
	}
	for at, depth := pid, 0; at > 1 && depth < 1000; depth++ {
		parent, group := parentOf(at)
		for _, r := range roots {
			if r > 1 && (at == r || group == r) {
				return true
			}
		}
		at = parent
	}
	return false
}

// parentOf is a process' parent and process group; 0 when it has ended.
func parentOf(pid int) (parent, group int) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 3 {
		return 0, 0
	}
	parent, _ = strconv.Atoi(f[1])
	group, _ = strconv.Atoi(f[2])
	return parent, group
}
