package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// The state directory is an ext4 file system in a file, so that it can be filled, frozen and taken away without harm to
// anything else.
const stateSize = 320 << 20 // bytes

func mountState(dir string) error {
	image, state := filepath.Join(dir, "state.img"), filepath.Join(dir, "state")
	f, err := os.OpenFile(image, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Truncate(stateSize), f.Close(), os.Mkdir(state, 0o700)); err != nil {
		return err
	}
	if err := command("mkfs.ext4", "-q", "-F", "-m", "0", image); err != nil {
		return err
	}
	if err := command("mount", "-o", "loop", image, state); err != nil {
		return err
	}
	return os.Chmod(state, 0o700)
}

// freeze stops every write to the file system until thaw: who writes hangs.
func freeze(path string) error { return onFS(path, 0xC0045877) } // FIFREEZE

func thaw(path string) error { return onFS(path, 0xC0045878) } // FITHAW

func onFS(path string, request uint) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.IoctlSetInt(int(f.Fd()), request, 0); err != nil {
		return fmt.Errorf("ioctl %x on %s: %w", request, path, err)
	}
	return nil
}

// unmountAll takes off whatever is mounted on path, one over the other.
func unmountAll(path string) error {
	for range 10 {
		if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
			if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOENT) {
				return nil // nothing is mounted there
			}
			return err
		}
	}
	return fmt.Errorf("%s is still mounted", path)
}
