package doctor

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// fileSystems are names for what statfs(2) says.
var fileSystems = map[int64]string{unix.NFS_SUPER_MAGIC: "nfs", 0x0BD00BD0: "lustre", 0x47504653: "gpfs", 0x19830326: "beegfs", unix.CEPH_SUPER_MAGIC: "ceph", unix.AFS_SUPER_MAGIC: "afs",
	unix.SMB2_SUPER_MAGIC: "smb", unix.CIFS_SUPER_MAGIC: "smb", unix.FUSE_SUPER_MAGIC: "fuse", 0xAAD7AAEA: "panfs", 0x5765616b: "weka",
	unix.TMPFS_MAGIC: "tmpfs", unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs", unix.OVERLAYFS_SUPER_MAGIC: "overlay", 0x2FC12FC1: "zfs"}

// look tries what assay does in a folder. One that does not exist is tried at the first folder above it that does; private is set for one
// that only this user may be able to change.
func look(ctx context.Context, what, path string, private bool) Folder {
	d := Folder{What: what, Path: path}
	at := path
	for !isFolder(at) && at != filepath.Dir(at) {
		if _, err := os.Lstat(at); err == nil {
			d.Problem = at + " is no folder"
			return d
		}
		at = filepath.Dir(at)
	}
	if at != path {
		private = false // it will be made
	}
	if err := safefile.Private(at); private && err != nil {
		d.Unsafe = line(err.Error())
	}
	d.statfs(at)
	d.try(at)
	if d.Problem == "" {
		d.quota(ctx, at)
	}
	return d
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (d *Folder) statfs(at string) {
	var s unix.Statfs_t
	if err := unix.Statfs(at, &s); err != nil {
		d.Problem = line(err.Error())
		return
	}
	d.FileSystem = cmp.Or(fileSystems[int64(s.Type)], fmt.Sprintf("%#x", s.Type))
	block := uint64(s.Bsize) //nolint:gosec // a block size is positive
	d.Free, d.Size, d.Files, d.FreeFiles = s.Bavail*block, s.Blocks*block, s.Files, s.Ffree
}

// try makes files in a folder of its own, and removes them.
func (d *Folder) try(at string) {
	dir := filepath.Join(at, ".assay-doctor-"+rand.Text()[:8])
	if err := os.Mkdir(dir, 0o700); err != nil {
		d.Problem = line(err.Error())
		return
	}
	defer func() {
		if err := safefile.RemoveAll(context.Background(), dir); err != nil {
			d.Faults = append(d.Faults, "what was made in it cannot be removed: "+line(err.Error()))
		}
	}()
	fault := func(what string, err error) {
		if err != nil {
			d.Faults = append(d.Faults, what+" fails: "+line(err.Error()))
		}
	}
	w := durable.Writer{}
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	began := time.Now()
	fault("writing with fsync", w.Replace(a, []byte("1"), nil))
	d.Sync = time.Since(began) / 2 // of the file and of its folder
	fault("replacing by rename", w.Replace(a, []byte("2"), nil))
	if got, err := os.ReadFile(a); err == nil && string(got) != "2" {
		fault("replacing by rename", errors.New("the old content is read afterwards"))
	}
	fault("creating by link", w.Create(b, []byte("1"), nil))
	if err := w.Create(b, []byte("2"), nil); !errors.Is(err, fs.ErrExist) {
		fault("creating once", fmt.Errorf("a second creation of one name gives %v", err))
	}
	if info, err := os.Stat(a); err == nil {
		if mode := info.Mode().Perm(); mode != 0o600 {
			fault("keeping a file private", fmt.Errorf("its mode is %v, not 0600", mode))
		}
		now := time.Now()
		if d.Clock = info.ModTime().Sub(now); d.Clock <= 0 && -d.Clock < now.Sub(began)+time.Second {
			d.Clock = 0 // it was written meanwhile
		}
	}
}

// quota asks lfs and quota, whichever the file system has.
func (d *Folder) quota(ctx context.Context, at string) {
	var text string
	uid := strconv.Itoa(os.Getuid())
	switch d.FileSystem {
	case "lustre":
		_, text = ask(ctx, "lfs", "quota", "-q", "-u", uid, at)
	case "nfs", "xfs", "ext4", "gpfs":
		_, text = ask(ctx, "quota", "-w", "-f", at)
	}
	d.Quota, d.Exceeded = readQuota(text)
}

const nearly = 0.9 // of a quota

// readQuota reads the columns of `lfs quota -q` and `quota -w`: file system, used, quota, limit, grace, files, quota, limit. It returns
// the line of a quota that is nearly used up.
func readQuota(text string) (said string, exceeded bool) {
	text = strings.ReplaceAll(text, "\n ", " ") // a long name of a file system stands on a line of its own
	for l := range strings.Lines(text) {
		var numbers []float64
		over := false
		for _, word := range strings.Fields(l)[min(1, len(strings.Fields(l))):] {
			n, err := strconv.ParseFloat(strings.TrimSuffix(strings.Trim(word, "[]"), "*"), 64)
			if err == nil {
				over = over || strings.HasSuffix(word, "*")
				numbers = append(numbers, n)
			}
		}
		for i := 0; i+2 < len(numbers); i += 3 {
			used, most := numbers[i], max(numbers[i+1], numbers[i+2])
			if hard := numbers[i+2]; hard > 0 && used >= hard {
				exceeded = true
			}
			if over || most > 0 && used >= nearly*most {
				said = line(l)
			}
		}
	}
	return said, exceeded
}
