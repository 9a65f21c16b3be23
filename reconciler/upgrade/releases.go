package upgrade

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"assay/drivers/bounded"
	"assay/drivers/safefile"
)

// Release is a binary for this kind of machine.
type Release struct {
	Version string
	File    string // its path, or its address
	SHA256  string
}

const (
	sums       = "SHA256SUMS" // the file of a release that names all others
	mostSums   = 1 << 20
	getTimeout = 10 * time.Second
)

// Newest is the newest release in a folder, or at an address of http or https, that has the SHA256SUMS of `make release`.
func Newest(ctx context.Context, at string) (Release, error) {
	text, err := read(ctx, at)
	if err != nil {
		return Release{}, fmt.Errorf("reading which releases there are: %w", err)
	}
	var newest Release
	for line := range strings.Lines(string(text)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		found := binary.FindStringSubmatch(name)
		if ok && found != nil && found[2] == runtime.GOARCH && (newest.Version == "" || Compare(found[1], newest.Version) > 0) {
			newest = Release{Version: found[1], File: strings.TrimSuffix(at, "/") + "/" + name, SHA256: sum}
		}
	}
	if newest.Version == "" {
		return newest, fmt.Errorf("reading which releases there are: %s/%s names no binary for linux-%s", strings.TrimSuffix(at, "/"), sums, runtime.GOARCH)
	}
	return newest, nil
}

// binary is how a release names a binary: assay-VERSION-linux-ARCH.
var binary = regexp.MustCompile(`^assay-([\w.~+-]+)-linux-(\w+)$`)

func read(ctx context.Context, at string) ([]byte, error) {
	if !strings.HasPrefix(at, "http://") && !strings.HasPrefix(at, "https://") {
		return safefile.ReadFile(filepath.Join(at, sums), mostSums)
	}
	ctx, cancel := context.WithTimeout(ctx, getTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(at, "/")+"/"+sums, nil)
	if err != nil {
		return nil, err
	}
	answer, err := bounded.Client(bounded.Options{Proxy: true}).Do(req)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", req.URL.Redacted(), answer.Status)
	}
	return bounded.ReadAll(answer.Body, mostSums)
}

// Comparable reports whether a version has a place among others: one that is only a commit has none.
func Comparable(version string) bool { return numbered.MatchString(version) }

// numbered is a version as git describe prints it: v1.2.3, v1.2.3-rc1, v1.2.3-5-gabcdef.
var numbered = regexp.MustCompile(`^v?(\d+)\.(\d+)(?:\.(\d+))?(?:-(rc|beta|alpha)\.?(\d+))?(?:-(\d+)-g[0-9a-f]+)?$`)

// Compare orders versions; those that are not numbered come first, by their letters.
func Compare(a, b string) int {
	x, y := numbered.FindStringSubmatch(a), numbered.FindStringSubmatch(b)
	if x == nil || y == nil {
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(a, b))
	}
	number := func(s string) int { n, _ := strconv.Atoi(s); return n } // the expression lets digits or nothing through
	final := func(s string) int { return map[bool]int{true: 1}[s == ""] }
	return cmp.Or(number(x[1])-number(y[1]), number(x[2])-number(y[2]), number(x[3])-number(y[3]),
		final(x[4])-final(y[4]), strings.Compare(x[4], y[4]), number(x[5])-number(y[5]), number(x[6])-number(y[6]))
}
