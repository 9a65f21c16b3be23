package parent

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"assay/drivers/safefile"
)

// enterTries bounds how often a folder is made anew that another part of the cluster removes at the same time.
const enterTries = 10

// enter makes a folder that only this user can enter, or takes one that is so already: the parts of a cluster that run on one
// node share it. The last one that leaves removes it.
func enter(dir string) (leave func(), err error) {
	for range enterTries {
		if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		f, err := hold(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		return func() {
			if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
				_ = safefile.RemoveAll(context.Background(), dir) // what is left stays private
			}
			_ = f.Close()
		}, nil
	}
	return nil, fmt.Errorf("%s is removed again and again", dir)
}

// hold opens a folder of this user and keeps others from removing it. One that is gone meanwhile is fs.ErrNotExist.
func hold(dir string) (*os.File, error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(st.Uid) != os.Getuid() || info.Mode().Perm() != 0o700 {
			err = fmt.Errorf("%s is there already, and is not a folder of this user alone", dir)
		}
	}
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH)
	}
	if err == nil {
		var now os.FileInfo
		if now, err = os.Lstat(dir); err == nil && !os.SameFile(info, now) {
			err = fs.ErrNotExist
		}
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}
