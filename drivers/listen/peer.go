package listen

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"assay/drivers/procid"
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
	uid, found, err := procid.Connected(remote, local)
	if err != nil {
		return false, fmt.Errorf("finding out who connects: %w", err)
	}
	return found && uid == os.Getuid(), nil
}
