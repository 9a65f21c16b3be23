package prometheus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"assay/drivers/safefile"
)

// The database needs a local disk, and a database has one user at a time. A folder of its own on this host is named after
// the store and the host, with a part that no other has; a lock that the kernel frees when its holder ends says whether it
// is in use, whatever pid namespace the holder is in. A successor takes the folder that was written last and is free, else it
// makes one after a moment: a holder that is frozen is not waited for.

const (
	lockFile    = "lock"          // of a folder, as the database names its own
	busyFor     = 5 * time.Second // a folder that is read for a moment, by a gate, is waited for
	staleFolder = 24 * time.Hour  // a free folder that was not written to for so long is removed by another's start
)

// Place says where the database of a store lies on this host.
type Place struct {
	Dir   string // what the site says (paths.local); empty: $TMPDIR, else /var/tmp
	Store string // id of the state directory
	Host  string
}

func (p Place) under() string { return cmp.Or(p.Dir, os.Getenv("TMPDIR"), "/var/tmp") }

// prefix begins the names of the store's folders on this host: the disk can be shared after all.
func (p Place) prefix() string { return fmt.Sprintf("assay-tsdb-%s-%s-", p.Store, p.Host) }

// folder is one of the store's on this host.
type folder struct {
	path    string
	written time.Time
	busy    bool
}

// folders lists those that are ours, the one that was written last first. Where anybody can make names, one counts only if it
// is a real folder of this user that nobody else can enter.
func (p Place) folders() ([]folder, error) {
	found, err := filepath.Glob(filepath.Join(escaped(p.under()), escaped(p.prefix())+"*"))
	if err != nil {
		return nil, fmt.Errorf("looking for databases of the embedded Prometheus: %w", err)
	}
	var out []folder
	for _, path := range found {
		info, err := os.Lstat(path)
		if err != nil || !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !own(info) {
			continue
		}
		out = append(out, folder{path, written(path, info), busy(path)})
	}
	slices.SortFunc(out, func(a, b folder) int { return b.written.Compare(a.written) })
	return out, nil
}

// Latest is the free folder that was written last; empty when there is none.
func (p Place) Latest() (string, error) {
	all, err := p.folders()
	if err != nil {
		return "", err
	}
	for _, f := range all {
		if !f.busy {
			return private(f.path)
		}
	}
	return "", nil
}

// private refuses a folder in whose place another user could put one: what is in it decides gates.
func private(path string) (string, error) {
	if err := safefile.Private(path); err != nil {
		return "", fmt.Errorf("using the database of the embedded Prometheus (paths.local of the site, else $TMPDIR, else /var/tmp): %w", err)
	}
	return path, nil
}

// Take is Latest, or a new folder, mode 0700. Free folders that nobody has used for a day are removed.
func (p Place) Take() (string, error) {
	all, err := p.folders()
	for deadline := time.Now().Add(busyFor); err == nil && len(all) > 0 && all[0].busy && time.Now().Before(deadline); time.Sleep(busyFor / 20) {
		all, err = p.folders()
	}
	if err != nil {
		return "", err
	}
	chosen := ""
	for _, f := range all {
		switch {
		case f.busy:
		case chosen == "":
			chosen = f.path
		case time.Since(f.written) > staleFolder:
			_ = safefile.RemoveAll(context.Background(), f.path) // what is left is removed by the next start
		}
	}
	if chosen != "" {
		return private(chosen)
	}
	dir, err := os.MkdirTemp(p.under(), p.prefix())
	if err != nil {
		return "", fmt.Errorf("making the folder of the embedded Prometheus' database on a local disk (paths.local of the site, else $TMPDIR, else /var/tmp): %w", err)
	}
	return private(dir)
}

func own(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == os.Geteuid()
}

// written is when anything directly in a folder changed last.
func written(path string, info fs.FileInfo) time.Time {
	last := info.ModTime()
	for _, name := range []string{"wal", "chunks_head", lockFile} {
		if in, err := os.Lstat(filepath.Join(path, name)); err == nil && in.ModTime().After(last) {
			last = in.ModTime()
		}
	}
	return last
}

// busy reports whether a database has the folder open. A lock that cannot be asked counts as held.
func busy(path string) bool {
	f, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		return true
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil // Close frees it
}

// escaped makes a path mean itself in a pattern.
func escaped(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
