package storage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/bounded"
)

const (
	lustreMagic = 0x0BD00BD0
	lfsTimeout  = 20 * time.Second
	maxPrinted  = 4 << 20 // bytes that lfs prints
)

// IsLustre reports whether dir lies on Lustre.
func IsLustre(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Type == lustreMagic
}

// LFS runs Lustre's tool with a time limit.
func LFS(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, lfsTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "lfs", args...)
	cmd.WaitDelay = time.Second
	out, errs, err := bounded.Output(cmd, maxPrinted)
	if err != nil {
		err = fmt.Errorf("lfs %s: %w: %.200s", args[0], err, errs)
	}
	return string(out), err
}

// quota lowers r to what the quotas of the user, of the group and of the directory's project leave. Without lfs on the node,
// or without quotas, it does nothing.
func quota(ctx context.Context, dir string, r *room) error {
	if _, err := exec.LookPath("lfs"); err != nil {
		return nil
	}
	kinds := [][]string{{"-u", strconv.Itoa(os.Getuid())}, {"-g", strconv.Itoa(os.Getgid())}}
	if out, err := LFS(ctx, "project", "-d", dir); err == nil { // "1001 P DIR"
		if f := strings.Fields(out); len(f) > 0 && f[0] != "0" {
			kinds = append(kinds, []string{"-p", f[0]})
		}
	}
	for _, kind := range kinds {
		out, err := LFS(ctx, "quota", "-q", kind[0], kind[1], dir)
		if err != nil {
			continue // the file system does not account for this kind
		}
		if err := r.lower(out); err != nil {
			return fmt.Errorf("reading lfs quota %s %s: %w", kind[0], kind[1], err)
		}
	}
	return nil
}

// lower reads a line of `lfs quota -q`: the file system, then used KiB, soft limit, hard limit and grace, then the same for
// files. A limit of 0 is no limit. A star marks a number above its limit; brackets mark a number that lacks an unreachable
// server's part.
func (r *room) lower(out string) error {
	f := strings.Fields(out)
	if len(f) < 8 {
		return fmt.Errorf("%.100q has too few fields", out)
	}
	number := func(i int) (n float64, err error) { return strconv.ParseFloat(strings.Trim(f[i], "[]*"), 64) }
	for _, part := range []struct {
		used  int
		scale float64
		left  *float64
	}{{1, 1024, &r.bytes}, {5, 1, &r.inodes}} {
		used, err := number(part.used)
		if err != nil {
			return err
		}
		limit, err := number(part.used + 2)
		if err != nil {
			return err
		}
		if limit > 0 {
			*part.left = min(*part.left, max(0, limit-used)*part.scale)
		}
	}
	return nil
}
