package durable

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// trusted is how many looks in a row may rely on stat alone. NFS can answer a stat from its cache; an open asks the server.
const trusted = 12

// Watched is a record that others replace now and then. A look costs one stat; the file is read when another one has taken
// its name, and now and then anyway. It is not safe for concurrent use.
type Watched[T any] struct {
	Path string
	Stat func(string) (fs.FileInfo, error) // default os.Stat

	seen  identity
	looks int
	value *T
}

// identity tells a file from the one that had its name before.
type identity struct {
	device, inode     uint64
	size              int64
	modified, changed syscall.Timespec
}

// Read returns the record; nil when there is none. Callers do not change what it points to. Fresh reports whether it was
// read now.
func (w *Watched[T]) Read() (v *T, fresh bool, err error) {
	stat := w.Stat
	if stat == nil {
		stat = os.Stat
	}
	info, err := stat(w.Path)
	if err != nil {
		w.seen, w.value = identity{}, nil
		if errors.Is(err, fs.ErrNotExist) {
			return nil, true, nil
		}
		return nil, true, err
	}
	if id, ok := identityOf(info); ok && id == w.seen && w.looks < trusted {
		w.looks++
		return w.value, false, nil
	} else if w.seen, w.looks = id, 0; !ok {
		w.seen = identity{}
	}
	if w.value, err = OptionalRecord[T](w.Path); err != nil {
		w.seen = identity{} // so that the next look reads again
	}
	return w.value, true, err
}

func identityOf(info fs.FileInfo) (identity, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return identity{}, false
	}
	return identity{uint64(st.Dev), st.Ino, st.Size, st.Mtim, st.Ctim}, true
}
