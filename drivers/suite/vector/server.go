package vector

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"assay/drivers/procid"
)

const (
	sqliteFile  = "chroma.sqlite3" // in the data folder of a single-node Chroma, which holds it open
	measureTime = 10 * time.Second // for its size
	mebi        = 1 << 20
)

// server is the process that answers, where it can be seen: on the client's host, and of its user.
type server struct {
	pid  int
	data string // its folder, as this process reaches it; empty when it is not known
}

// serverAt finds the process that answers at an endpoint. A door of assay's, which asks for the key, stands before its child.
func serverAt(ctx context.Context, endpoint string) (server, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return server{}, err
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || !isHere(ctx, u.Hostname()) {
		return server{}, fmt.Errorf("the server runs on another host than the client (%s); run: {on: target} puts the client beside it", u.Hostname())
	}
	all, err := procid.Listeners(port)
	if err != nil {
		return server{}, err
	}
	var holders []int
	for _, s := range all {
		holders = append(holders, s.Holders()...)
	}
	if len(holders) == 0 {
		return server{}, errors.New("the server's process cannot be seen: it is another user's, or in another namespace")
	}
	procs, _ := filepath.Glob("/proc/[0-9]*") // the pattern is well formed
	for _, p := range procs {
		pid, err := strconv.Atoi(filepath.Base(p))
		if err != nil || !procid.Below(pid, "", holders...) {
			continue
		}
		if data := dataOf(pid); data != "" {
			return server{pid, data}, nil
		}
	}
	return server{}, fmt.Errorf("no process that listens on port %d, or that such a one started, holds a %s open", port, sqliteFile)
}

// isHere reports whether a name or address is one of this host.
func isHere(ctx context.Context, host string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	named, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	return slices.ContainsFunc(named, func(a net.IPAddr) bool {
		return a.IP.IsLoopback() || slices.ContainsFunc(own, func(o net.Addr) bool {
			n, ok := o.(*net.IPNet)
			return ok && n.IP.Equal(a.IP)
		})
	})
}

// dataOf is the data folder of a process, empty when it holds none open. Inside a container it has another root.
func dataOf(pid int) string {
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return ""
	}
	for _, fd := range fds {
		if to, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, fd.Name())); err == nil && filepath.Base(to) == sqliteFile {
			return filepath.Join(fmt.Sprintf("/proc/%d/root", pid), filepath.Dir(to))
		}
	}
	return ""
}

// memory is what the process holds now, and what it held at most since it was started, in bytes.
func (s server) memory() (now, peak int64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range bytes.Lines(b) {
		f := strings.Fields(string(line))
		if len(f) < 2 {
			continue
		}
		n, _ := strconv.ParseInt(f[1], 10, 64) // the two below are numbers
		switch f[0] {
		case "VmRSS:":
			now = n << 10
		case "VmHWM:":
			peak = n << 10
		}
	}
	if now == 0 {
		return 0, 0, errors.New("the server's process has ended")
	}
	return now, peak, nil
}

// disk is what the data folder takes up, in bytes.
func (s server) disk(ctx context.Context) (sum int64, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, measureTime, fmt.Errorf("adding up the sizes in its data folder took longer than %s", measureTime))
	defer cancel()
	err = filepath.WalkDir(s.data, func(_ string, d fs.DirEntry, err error) error {
		if err == nil {
			err = context.Cause(ctx)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed meanwhile
		}
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return nil // removed meanwhile
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok && info.Mode().IsRegular() {
			sum += st.Blocks * 512
		}
		return nil
	})
	return sum, err
}

// locate finds the server and says what its data takes up before the run's.
func (r *runner) locate(ctx context.Context) {
	var err error
	if r.server, err = serverAt(ctx, r.req.Endpoints[0]); err == nil {
		r.diskBefore, err = r.server.disk(ctx)
	}
	if err != nil {
		r.missing("server_", err.Error())
		r.server = server{}
	}
}

// weigh reports what the server holds in memory and on disk, now that all is stored and was queried.
func (r *runner) weigh(ctx context.Context) {
	if r.server.pid == 0 {
		return
	}
	now, peak, err := r.server.memory()
	disk, diskErr := r.server.disk(ctx)
	if err = errors.Join(err, diskErr); err != nil {
		r.missing("server_", err.Error())
		return
	}
	r.metrics["server_memory_mib"], r.metrics["server_memory_peak_mib"] = float64(now)/mebi, float64(peak)/mebi
	r.metrics["server_disk_mib"], r.metrics["server_disk_added_mib"] = float64(disk)/mebi, float64(disk-r.diskBefore)/mebi
}
