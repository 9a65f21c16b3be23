package native

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"assay/drivers"
)

// aligned is n bytes at an address that the kernel takes for direct I/O, on every file system.
func aligned(n int) []byte {
	page := os.Getpagesize()
	b := make([]byte, n+page)
	at := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % uintptr(page))
	return b[at : at+n : at+n]
}

// flags are those that ior-easy opens its files with.
func (r *runner) flags(others int) int {
	if r.spec.Direct {
		others |= unix.O_DIRECT
	}
	return others
}

// tryDirect refuses direct I/O where the file system cannot do it: it writes and reads one transfer in the run's own directory.
func tryDirect(root string, transfer int, on *drivers.FileSystem) error {
	refused := func(why string) error {
		return fmt.Errorf("%s lies on %s, which cannot do direct I/O (%s): remove direct from the benchmark, or measure another file system", root, on.Type, why)
	}
	if on.Type == "tmpfs" || on.Type == "ramfs" { // newer ones take the flag; there is nothing behind the memory
		return refused("it is memory")
	}
	path := filepath.Join(root, "direct")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|unix.O_DIRECT, 0o600)
	if err == nil {
		b := aligned(transfer)
		_, err = f.WriteAt(b, 0)
		if err == nil {
			_, err = f.ReadAt(b, 0)
		}
		err = errors.Join(err, f.Close(), os.Remove(path))
	} else {
		_ = os.Remove(path) // some make the file and then refuse the flag
	}
	if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.EOPNOTSUPP) {
		return refused(err.Error())
	}
	if err != nil {
		return fmt.Errorf("trying direct I/O: %w", err)
	}
	return nil
}
