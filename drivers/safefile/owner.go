package safefile

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// The kinds of refusals.
var (
	ErrForeign = errors.New("another user's")
	ErrUnsafe  = errors.New("other users can write there")
	ErrKind    = errors.New("not a plain file")
)

// facts are what is known of an opened file or folder, or of a name in one.
type facts struct {
	uid, gid uint32
	mode     uint32 // as st_mode: kind and permissions
	dev, mnt uint64 // mnt is 0 where the kernel does not tell mounts apart
}

func (f facts) kind() uint32 { return f.mode & unix.S_IFMT }

// mine reports whether this user owns it.
func (f facts) mine() bool { return f.uid == uint32(os.Geteuid()) }

// trusted reports whether this user or root owns it. In a user namespace in which root has no number, what has none is taken
// for root's: that namespace was made by this user.
func (f facts) trusted() bool { return f.mine() || f.uid == 0 || int64(f.uid) == unmapped() }

// openToOthers reports whether others than its owner can write to it. The group that this user has alone is no other.
func (f facts) openToOthers() bool {
	return f.mode&0o002 != 0 || f.mode&0o020 != 0 && int64(f.gid) != ownGroup()
}

// factsOf asks an open descriptor.
func factsOf(fd int) (facts, error) { return factsAt(fd, "", unix.AT_EMPTY_PATH) }

// factsAt asks for a name in a folder, without following a link. A server is not asked for sizes.
func factsAt(fd int, name string, flags int) (facts, error) {
	var x unix.Statx_t
	err := unix.Statx(fd, name, flags|unix.AT_SYMLINK_NOFOLLOW|unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE|unix.STATX_MODE|unix.STATX_UID|unix.STATX_GID|unix.STATX_MNT_ID, &x)
	if errors.Is(err, unix.ENOSYS) {
		var st unix.Stat_t
		err = unix.Fstatat(fd, name, &st, flags|unix.AT_SYMLINK_NOFOLLOW)
		return facts{uid: st.Uid, gid: st.Gid, mode: st.Mode, dev: uint64(st.Dev)}, err
	}
	f := facts{uid: x.Uid, gid: x.Gid, mode: uint32(x.Mode), dev: unix.Mkdev(x.Dev_major, x.Dev_minor)}
	if x.Mask&unix.STATX_MNT_ID != 0 {
		f.mnt = x.Mnt_id
	}
	return f, err
}

// unmapped is the number that users without one have in this user namespace, -1 where all users have one.
var unmapped = sync.OnceValue(func() int64 {
	m, err := os.ReadFile("/proc/self/uid_map")
	if f := strings.Fields(string(m)); err != nil || len(f) == 3 && f[0] == "0" && f[1] == "0" && f[2] == "4294967295" {
		return -1
	}
	b, err := os.ReadFile("/proc/sys/kernel/overflowuid")
	n, bad := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil || bad != nil {
		return -1
	}
	return n
})

// owner names the owner for people.
func (f facts) owner() string {
	id := strconv.FormatUint(uint64(f.uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "uid " + id
}

// permissions are those that ls shows, as a number.
func (f facts) permissions() string { return fmt.Sprintf("%04o", f.mode&0o7777) }

// foreign refuses another user's file or folder.
func foreign(path string, f facts) error {
	return fmt.Errorf("%s belongs to %s: %w, and is left alone", path, f.owner(), ErrForeign)
}
