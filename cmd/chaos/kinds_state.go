package main

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// stateFull takes every block that is free.
func stateFull(w *world, _ fault) (hit, error) {
	path := filepath.Join(w.state, ".chaos-fill")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return hit{}, err
	}
	defer f.Close()
	for at, size := int64(0), int64(stateSize); size > 0; {
		if err := syscall.Fallocate(int(f.Fd()), 0, at, size); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			return hit{}, err
		} else {
			at += size
		}
	}
	return hit{undo: func() error {
		if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}}, nil
}

// stateReadOnly puts a read-only view of the directory over it. Files that are open stay writable, as the kernel refuses to
// make a file system read-only under them.
func stateReadOnly(w *world, _ fault) (hit, error) {
	if err := command("mount", "--bind", w.state, w.state); err != nil {
		return hit{}, err
	}
	return hit{undo: w.uncover}, command("mount", "-o", "remount,bind,ro", w.state)
}

func (w *world) uncover() error { return command("umount", "-l", w.state) }

func stateFrozen(w *world, _ fault) (hit, error) {
	return hit{undo: func() error { return thaw(w.state) }}, freeze(w.state)
}

// stateSlow freezes and thaws in turn.
func stateSlow(w *world, _ fault) (hit, error) {
	quit, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			err := freeze(w.state)
			time.Sleep(900 * time.Millisecond)
			if err = errors.Join(err, thaw(w.state)); err != nil {
				done <- err
				return
			}
			select {
			case <-quit:
				done <- nil
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	}()
	end := sync.OnceValue(func() error { close(quit); return <-done })
	return hit{undo: end}, nil
}

// stateGone puts an empty file system over the directory.
func stateGone(w *world, _ fault) (hit, error) {
	return hit{undo: w.uncover}, command("mount", "-t", "tmpfs", "-o", "size=8m,mode=0700", "tmpfs", w.state)
}

func stateDenied(w *world, _ fault) (hit, error) {
	return hit{undo: w.uncover}, command("mount", "-t", "tmpfs", "-o", "ro,size=8m,mode=0500", "tmpfs", w.state)
}
