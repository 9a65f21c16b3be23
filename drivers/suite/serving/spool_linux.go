package serving

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// mapped is the file as memory that the kernel can take back at any time. Changes stay private.
func mapped(f *os.File, size int64) ([]byte, error) {
	if size == 0 {
		return nil, nil
	}
	return unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE)
}

func unmapped(data []byte) error {
	if data == nil {
		return nil
	}
	return unix.Munmap(data)
}

// scratch is a file in dir, without a name, as memory.
func scratch(dir string, size int64) ([]byte, error) {
	f, err := os.CreateTemp(dir, ".floats-*")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := errors.Join(os.Remove(f.Name()), unix.Fallocate(int(f.Fd()), 0, 0, size)); err != nil { // a full disk must show here, and not as a signal
		return nil, err
	}
	return unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

// stepBack gives the calling thread a low priority.
func stepBack() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 15) } // without it the thread costs the others a little more
