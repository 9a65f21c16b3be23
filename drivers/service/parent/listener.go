package parent

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strconv"
	"strings"
)

const listening = "0A" // a state in /proc/net/tcp

// ownListener is nil when the socket that listens on a port of this machine belongs to this user. Another user can have taken
// the port before the server did.
func ownListener(address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	want, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return err
	}
	found := false
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		f, err := os.Open(file)
		if errors.Is(err, fs.ErrNotExist) { // a kernel without IPv6
			continue
		}
		if err != nil {
			return err
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			w := strings.Fields(lines.Text()) // sl local remote state … uid is the eighth
			if len(w) < 8 || w[3] != listening || !strings.HasSuffix(w[1], fmt.Sprintf(":%04X", want)) {
				continue
			}
			if found = true; w[7] != strconv.Itoa(os.Getuid()) {
				_ = f.Close()
				return fmt.Errorf("port %d belongs to a process of another user (uid %s): nothing is sent there", want, w[7])
			}
		}
		_ = f.Close()
	}
	if !found {
		return fmt.Errorf("nothing listens on port %d", want)
	}
	return nil
}
