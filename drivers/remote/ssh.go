package remote

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// persist is how long a connection stays after the last verb that used it.
const persist = "10m"

// longestSocket is what the kernel takes for the path of a socket, less what ssh appends while it makes one.
const longestSocket = 107 - 17

// ssh is how the host of a context is called.
type ssh struct {
	Context
	socket string // of the connection that all verbs of the context share
}

// newSSH finds a place for the socket of a context in the first of the folders whose path is short enough.
func newSSH(c Context, folders []string) (ssh, error) {
	h := sha256.Sum256([]byte(strings.Join([]string{c.Name, c.Host, c.User, strconv.Itoa(c.Port)}, "\x00")))
	name := hex.EncodeToString(h[:8])
	err := errors.New("no folder has a path that is short enough for a socket; set XDG_RUNTIME_DIR to one that is yours")
	for _, dir := range folders {
		socket := filepath.Join(dir, name)
		if !filepath.IsAbs(dir) || len(socket) > longestSocket {
			continue
		}
		if err = private(dir); err == nil {
			return ssh{c, socket}, nil
		}
	}
	return ssh{}, fmt.Errorf("finding a folder for the socket of ssh: %w", err)
}

// private makes a folder that is for this user alone.
func private(dir string) error {
	if err := (durable.Writer{NoSync: true}).MkdirAll(dir); err != nil {
		return err
	}
	if err := safefile.Private(dir); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}

// SocketFolders are where sockets of ssh can be, the best first. Cache is assay's cache folder.
func SocketFolders(cache string) []string {
	return []string{filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "assay-ssh"), filepath.Join(cache, "ssh"), fmt.Sprintf("/tmp/assay-ssh-%d", os.Getuid())}
}

// argv is ssh with options, then the command for the login shell there. Keys, users, jump hosts and host keys are as the user's
// own files say; only what would print, forward or run something else is left out.
func (s ssh) argv(options []string, command ...string) []string {
	out := []string{"ssh", "-T", "-S", strings.ReplaceAll(s.socket, "%", "%%"), "-o", "ControlMaster=auto", "-o", "ControlPersist=" + persist,
		"-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=3", "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none"}
	out = append(append(out, options...), s.login()...)
	return append(out, command...)
}

// login is the address of the host for ssh's command line.
func (s ssh) login() (out []string) {
	if s.Port != 0 {
		out = append(out, "-p", strconv.Itoa(s.Port))
	}
	if s.User != "" {
		out = append(out, "-l", s.User)
	}
	return append(out, "--", s.Host)
}

// environment is that of this process without the variables that hold secrets: ssh has no use for them, and its environment is
// one more place where they could be found.
func environment(without []string) []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(without, name)
	})
}
