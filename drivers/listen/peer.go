package listen

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// Ours reports whether the other end of a connection over loopback is a program of the user that this one runs as. A port of
// 127.0.0.1 is open to every user of the node, and many programs that send telemetry know no password. An error says that
// the kernel does not tell.
func Ours(c net.Conn) (bool, error) {
	local, errLocal := netip.ParseAddrPort(c.LocalAddr().String())
	remote, errRemote := netip.ParseAddrPort(c.RemoteAddr().String())
	if errLocal != nil || errRemote != nil || !remote.Addr().IsLoopback() {
		return false, nil
	}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} { // a program can use the one family for the other
		uid, found, err := owner(table, remote, local)
		if err != nil {
			return false, fmt.Errorf("finding out who connects: %w", err)
		}
		if found {
			return uid == os.Getuid(), nil
		}
	}
	return false, nil
}

const established = "01" // as the kernel's tables say it

// owner finds the user of a socket with its two addresses in one of the kernel's tables.
func owner(table string, local, remote netip.AddrPort) (uid int, found bool, err error) {
	f, err := os.Open(table)
	if os.IsNotExist(err) {
		return 0, false, nil // a kernel without IPv6
	}
	if err != nil {
		return 0, false, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …; a socket that was closed belongs to nobody
		cells := strings.Fields(lines.Text())
		if len(cells) < 8 || cells[3] != established || address(cells[1]) != local || address(cells[2]) != remote {
			continue
		}
		uid, err := strconv.Atoi(cells[7])
		return uid, err == nil, err
	}
	return 0, false, lines.Err()
}

// address reads 0100007F:1F90: words of 32 bits in the machine's own order, then the port. What is none is the zero value.
func address(text string) netip.AddrPort {
	host, port, _ := strings.Cut(text, ":")
	raw, err := hex.DecodeString(host)
	number, errPort := strconv.ParseUint(port, 16, 16)
	if err != nil || errPort != nil || len(raw)%4 != 0 {
		return netip.AddrPort{}
	}
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	ip, _ := netip.AddrFromSlice(raw) // of another length: the zero value
	return netip.AddrPortFrom(ip.Unmap(), uint16(number))
}
