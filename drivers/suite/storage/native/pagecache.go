package native

import (
	"errors"
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	mostCached = 0.05    // more of it in memory is worth a note
	looks      = 16      // places of a file that are looked at
	lookAt     = 1 << 20 // bytes at each of them
)

// forget drops this node's cached pages of what is about to be read, and notes what stays.
func (r *runner) forget() error {
	paths := []string{r.path(hardIOFile)}
	for rank := range r.size() {
		paths = append(paths, r.path(easyIO, rank))
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		if share, known := resident(f); known {
			r.cached = max(r.cached, share)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("dropping %s from the cache: %w", path, err)
		}
	}
	return nil
}

// resident is the share of a file that is in this node's page cache, by a few places of it. It is unknown where the kernel does
// not say.
func resident(f *os.File) (share float64, known bool) {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return 0, false
	}
	page := os.Getpagesize()
	in, all := 0, 0
	for i := range int64(looks) {
		at := info.Size() * i / looks / lookAt * lookAt
		n := int(min(lookAt, info.Size()-at))
		b, err := unix.Mmap(int(f.Fd()), at, n, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			return 0, false
		}
		pages := make([]byte, (n+page-1)/page)
		_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&b[0])), uintptr(n), uintptr(unsafe.Pointer(&pages[0])))
		if err := unix.Munmap(b); err != nil || errno != 0 {
			return 0, false
		}
		for _, p := range pages {
			in, all = in+int(p&1), all+1
		}
	}
	return float64(in) / float64(all), true
}
