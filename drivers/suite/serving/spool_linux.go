package serving

import (
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

// stepBack gives the calling thread a low priority.
func stepBack() { _ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 15) } // without it the thread costs the others a little more
