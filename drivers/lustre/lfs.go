package lustre

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/bounded"
)

const maxOutput = 4 << 20 // bytes that lfs prints

// lfs runs Lustre's tool.
func lfs(limit time.Duration, args ...string) (string, error) {
	path, err := exec.LookPath("lfs")
	if err != nil {
		return "", fmt.Errorf("lfs is not on PATH, so stripes and quota are unknown: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.WaitDelay = time.Second
	b, stderr, err := bounded.Output(cmd, maxOutput)
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("lfs %s did not answer within %s", args[0], limit)
	case err != nil:
		return string(b), fmt.Errorf("lfs %s: %w: %s", args[0], err, strings.TrimSpace(stderr))
	}
	return string(b), nil
}

// setStripes gives new files in the directory the layout that was asked for, if any was.
func setStripes(spec v1alpha1.Lustre, dir string) error {
	args := []string{"setstripe"}
	if spec.StripeCount != 0 {
		args = append(args, "-c", strconv.Itoa(spec.StripeCount))
	}
	if spec.StripeSize > 0 {
		args = append(args, "-S", strconv.FormatInt(int64(spec.StripeSize), 10))
	}
	if len(args) == 1 {
		return nil
	}
	_, err := lfs(stripeLimit, append(args, dir)...)
	if errors.Is(err, exec.ErrNotFound) {
		return nil // Stat reports that the stripes are unknown
	}
	return err
}

var (
	stripeCount = regexp.MustCompile(`stripe_count:\s*(-?\d+)`)
	stripeSize  = regexp.MustCompile(`stripe_size:\s*(\d+)`)
)

// layout reads the stripes that new files in the directory get.
func (d *Directory) layout(spec v1alpha1.Lustre, dir string) {
	text, err := lfs(askLimit, "getstripe", "-d", dir)
	if err != nil {
		d.Message = err.Error()
		return
	}
	count, okCount := first(stripeCount, text)
	size, okSize := first(stripeSize, text)
	if !okCount || !okSize {
		return // such as a layout in several parts, which has no single answer
	}
	if count == 1<<32-1 || count == 1<<16-1 {
		count = -1 // how some releases print "all"
	}
	d.Stripes = fmt.Sprintf("%d x %s", count, v1alpha1.Quantity(size))
	if count == -1 {
		d.Stripes = "all x " + v1alpha1.Quantity(size).String()
	}
	d.Striped = (spec.StripeCount == 0 || int64(spec.StripeCount) == count) && (spec.StripeSize == 0 || int64(spec.StripeSize) == size)
	if !d.Striped {
		d.Message = "new files get other stripes than asked for: " + d.Stripes
	}
}

func first(re *regexp.Regexp, text string) (int64, bool) {
	all := re.FindAllStringSubmatch(text, -1)
	if len(all) != 1 {
		return 0, false
	}
	n, err := strconv.ParseInt(all[0][1], 10, 64)
	return n, err == nil
}

// quotas remembers the last answer for each path.
type quotas struct {
	mu   sync.Mutex
	last map[string]quota
}

type quota struct {
	at            time.Time
	bytes, inodes int64
}

// left is what the user, and the directory's project, can still write: -1 without a limit, or when it is unknown.
func (q *quotas) left(path string) (bytes, inodes int64) {
	q.mu.Lock()
	defer q.mu.Unlock() // held over the question too: those who ask at once get one answer
	if l, ok := q.last[path]; ok && time.Since(l.at) < quotaPause {
		return l.bytes, l.inodes
	}
	bytes, inodes = askQuota("-u", strconv.Itoa(os.Getuid()), path)
	if text, err := lfs(askLimit, "project", "-d", path); err == nil {
		if f := strings.Fields(text); len(f) > 0 && f[0] != "0" {
			b, i := askQuota("-p", f[0], path)
			bytes, inodes = tighter(bytes, b), tighter(inodes, i)
		}
	}
	for p, l := range q.last {
		if time.Since(l.at) >= quotaPause {
			delete(q.last, p)
		}
	}
	if q.last == nil {
		q.last = map[string]quota{}
	}
	q.last[path] = quota{time.Now(), bytes, inodes}
	return bytes, inodes
}

func askQuota(kind, id, path string) (bytes, inodes int64) {
	if _, err := strconv.ParseUint(id, 10, 32); err != nil {
		return -1, -1
	}
	text, err := lfs(askLimit, "quota", "-q", kind, id, path)
	if err != nil {
		return -1, -1
	}
	return parseQuota(text)
}

func tighter(a, b int64) int64 {
	if a < 0 || (b >= 0 && b < a) {
		return b
	}
	return a
}

// parseQuota reads `path kbytes quota limit grace files quota limit grace`, where a long path has a line of its own and can
// hold spaces. A star marks what is over, brackets what is only guessed because a server is down.
func parseQuota(text string) (bytes, inodes int64) {
	f := strings.Fields(text)
	for i := 1; i+8 <= len(f); i++ {
		kilobytes, ok1 := quotaLeft(f[i : i+3])
		files, ok2 := quotaLeft(f[i+4 : i+7])
		if ok1 && ok2 {
			if kilobytes > 0 {
				kilobytes = min(kilobytes, 1<<52) * 1024
			}
			return kilobytes, files
		}
	}
	return -1, -1
}

// quotaLeft is the hard limit, or else the soft one, less what is used.
func quotaLeft(f []string) (int64, bool) {
	var n [3]int64
	for i, s := range f {
		v, err := strconv.ParseInt(strings.Trim(s, "[]*"), 10, 64)
		if err != nil || v < 0 {
			return 0, false
		}
		n[i] = v
	}
	limit := n[2]
	if limit == 0 {
		limit = n[1]
	}
	if limit == 0 {
		return -1, true
	}
	return max(limit-n[0], 0), true
}
