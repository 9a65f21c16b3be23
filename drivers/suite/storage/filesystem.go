package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"assay/drivers"
	"assay/drivers/suite"
)

// Describe says what file system dir lies on.
func Describe(ctx context.Context, dir string) *drivers.FileSystem {
	f := &drivers.FileSystem{Absent: map[string]string{}}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		f.Absent["bytes"] = err.Error()
	} else {
		unit := st.Frsize
		if unit == 0 {
			unit = st.Bsize
		}
		f.Type = fmt.Sprintf("%#x", uint32(st.Type)) // until the kernel gives it a name
		f.Bytes, f.FreeBytes, f.FreeInodes = int64(st.Blocks)*int64(unit), int64(st.Bavail)*int64(unit), int64(st.Ffree)
	}
	table, err := os.ReadFile("/proc/self/mountinfo")
	m, ok := mountOf(string(table), dir)
	if err != nil || !ok {
		f.Absent["mount"] = "no mount of /proc/self/mountinfo holds it"
	} else {
		f.Type, f.Mount, f.Source = m.kind, m.point, m.source
	}
	if f.Device, err = deviceOf("/sys", m.device); err != nil {
		f.Absent["device"] = err.Error()
	}
	if IsLustre(dir) {
		if f.Stripes, err = stripesOf(ctx, dir); err != nil {
			f.Absent["stripes"] = err.Error()
		}
	}
	return f
}

// InMemory is the fault of a file system that is not storage; false for all others.
func InMemory(f *drivers.FileSystem) (fault drivers.Reason, is bool) {
	what := f.Type
	switch {
	case f.Type == "tmpfs" || f.Type == "ramfs" || f.Type == "devtmpfs" || f.Type == "hugetlbfs":
	case f.Device != nil && memoryDevice.MatchString(f.Device.Name):
		what += " on " + f.Device.Name
	default:
		return fault, false
	}
	return suite.NewReason(suite.ReasonInMemory, "%s is %s, which keeps files in the node's memory: nothing was stored, so this is no result of a file "+
		"system; give the service a path on a disk or on the parallel file system", f.Mount, what), true
}

var memoryDevice = regexp.MustCompile(`^z?ram\d+$`)

// mount is a line of /proc/self/mountinfo.
type mount struct{ device, point, kind, source string }

// mountOf is the mount that a path without links lies on: that of the longest mount point above it, and of several there the
// last, which hides the others.
func mountOf(table, path string) (best mount, ok bool) {
	for line := range strings.Lines(table) {
		m, err := parseMount(line)
		if err != nil || m.point != "/" && path != m.point && !strings.HasPrefix(path, m.point+"/") {
			continue
		}
		if len(m.point) >= len(best.point) {
			best, ok = m, true
		}
	}
	return best, ok
}

// parseMount takes: id parent major:minor root point options [optional …] - type source options.
func parseMount(line string) (mount, error) {
	before, after, _ := strings.Cut(line, " - ")
	f, g := strings.Fields(before), strings.Fields(after)
	if len(f) < 6 || len(g) < 2 {
		return mount{}, errors.New("too few fields")
	}
	return mount{device: f[2], point: unescape(f[4]), kind: g[0], source: unescape(g[1])}, nil
}

var octal = regexp.MustCompile(`\\[0-7]{3}`)

// unescape undoes how the kernel writes spaces, tabs, newlines and backslashes.
func unescape(s string) string {
	return octal.ReplaceAllStringFunc(s, func(code string) string {
		n, err := strconv.ParseUint(code[1:], 8, 8)
		if err != nil {
			return code
		}
		return string([]byte{byte(n)})
	})
}

// deviceOf is the disk with a number, MAJOR:MINOR, by /sys below root; a partition's disk for a partition.
func deviceOf(root, number string) (*drivers.BlockDevice, error) {
	at, err := filepath.EvalSymlinks(filepath.Join(root, "dev/block", number))
	if err != nil || number == "" {
		return nil, errors.New("the kernel names no block device below it: it is on the network, in memory, or made of several")
	}
	if _, err := os.Stat(filepath.Join(at, "partition")); err == nil {
		at = filepath.Dir(at)
	}
	said := func(name string) string {
		b, _ := os.ReadFile(filepath.Join(at, name)) // virtual disks have no model
		return strings.TrimSpace(string(b))
	}
	return &drivers.BlockDevice{Name: filepath.Base(at), Model: said("device/model"), Rotational: said("queue/rotational") == "1"}, nil
}

var (
	stripeCount = regexp.MustCompile(`stripe_count:\s*(-?\d+)`)
	stripeSize  = regexp.MustCompile(`stripe_size:\s*(\d+)`)
	stripePool  = regexp.MustCompile(`(?m)\bpool:\s*(\S+)`)
)

// stripesOf is the layout that new files in dir get.
func stripesOf(ctx context.Context, dir string) (*drivers.Stripes, error) {
	out, err := LFS(ctx, "getstripe", "-d", dir)
	if err != nil {
		return nil, err
	}
	return parseStripes(out)
}

func parseStripes(out string) (*drivers.Stripes, error) {
	counts, sizes := stripeCount.FindAllStringSubmatch(out, -1), stripeSize.FindAllStringSubmatch(out, -1)
	if len(counts) != 1 || len(sizes) != 1 {
		return nil, fmt.Errorf("lfs getstripe -d shows %d parts, which have no single layout", len(counts))
	}
	var s drivers.Stripes
	var errs [2]error
	s.Count, errs[0] = strconv.ParseInt(counts[0][1], 10, 64)
	s.Size, errs[1] = strconv.ParseInt(sizes[0][1], 10, 64)
	if s.Count == 1<<32-1 || s.Count == 1<<16-1 {
		s.Count = -1 // how some releases print "all"
	}
	if pool := stripePool.FindStringSubmatch(out); pool != nil {
		s.Pool = pool[1]
	}
	return &s, errors.Join(errs[:]...)
}
