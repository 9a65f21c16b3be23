package parent

import (
	"fmt"
	"net"
	"os"
	"strconv"

	"assay/drivers/procid"
)

// ownListener is nil when the socket that listens on a port of this machine belongs to this user. Another user can have taken
// the port before the server did.
func ownListener(address string) error {
	_, text, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return err
	}
	all, err := procid.Listeners(int(port))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return fmt.Errorf("nothing listens on port %d", port)
	}
	for _, s := range all {
		if s.UID != os.Getuid() {
			return fmt.Errorf("port %d belongs to a process of another user (uid %d): nothing is sent there", port, s.UID)
		}
	}
	return nil
}
