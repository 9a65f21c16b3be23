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

// Socket is a TCP socket of this host, as the kernel lists it.
type Socket struct {
	Address netip.AddrPort
	Peer    netip.AddrPort // the other end of a connection
	UID     int            // of the user who made it
	Inode   uint64         // tells it from every other socket while it is open
	state   string
}

// States in the kernel's tables.
const (
	established = "01"
	listening   = "0A"
)

// Listeners are the sockets that listen on a port of this host, on whatever address. None is no error.
func Listeners(port int) ([]Socket, error) {
	var out []Socket
	err := sockets(func(s Socket) (more bool) {
		if s.state == listening && int(s.Address.Port()) == port {
			out = append(out, s)
		}
		return s.state == listening // those that listen come first
	})
	if err != nil {
		return nil, fmt.Errorf("finding out who listens on port %d: %w", port, err)
	}
	return out, nil
}

// Connected is the user of the end of a connection that has these addresses. A socket that was closed belongs to nobody.
func Connected(local, remote netip.AddrPort) (uid int, found bool, err error) {
	err = sockets(func(s Socket) (more bool) {
		if !found && s.state == established && s.Address == local && s.Peer == remote {
			uid, found = s.UID, true
		}
		return !found
	})
	return uid, found, err
}

// sockets visits the TCP sockets of this host, of IPv4 and then of IPv6: of each until no more are wanted.
func sockets(visit func(Socket) (more bool)) error {
	for _, table := range []string{"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"} {
		f, err := os.Open(table)
		if errors.Is(err, fs.ErrNotExist) && strings.HasSuffix(table, "6") {
			continue // a kernel without IPv6
		}
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if s, err := parseSocket(lines.Text()); err == nil && !visit(s) {
				break
			}
		}
		if err := errors.Join(lines.Err(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// parseSocket takes a line of /proc/net/tcp or tcp6: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode.
// The header is an error.
func parseSocket(line string) (s Socket, err error) {
	f := strings.Fields(line)
	if len(f) < 10 {
		return s, errors.New("too few fields")
	}
	s.state = f[3]
	var errs [4]error
	s.Address, errs[0] = parseAddress(f[1])
	s.Peer, errs[1] = parseAddress(f[2])
	s.UID, errs[2] = strconv.Atoi(f[7])
	s.Inode, errs[3] = strconv.ParseUint(f[9], 10, 64)
	return s, errors.Join(errs[:]...)
}

// parseAddress reads 0100007F:1F90: words of 32 bits in the machine's own order, then the port.
func parseAddress(text string) (netip.AddrPort, error) {
	host, port, _ := strings.Cut(text, ":")
	b, err := hex.DecodeString(host)
	n, errPort := strconv.ParseUint(port, 16, 16)
	if err != nil || errPort != nil || len(b) != 4 && len(b) != 16 {
		return netip.AddrPort{}, fmt.Errorf("the address %.50q", text)
	}
	for i := 0; i < len(b); i += 4 {
		binary.BigEndian.PutUint32(b[i:], binary.NativeEndian.Uint32(b[i:]))
	}
	addr, _ := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(addr.Unmap(), uint16(n)), nil
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
	if word != "" && carries(pid, word) {
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
