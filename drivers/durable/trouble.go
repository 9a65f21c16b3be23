package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// troubles are the errors of a file system that takes no writes, or cannot be reached. First match wins.
var troubles = []struct {
	err  error
	what string
	next string
}{
	{syscall.ENOSPC, "no space is left", "remove files there, or make the file system larger"},
	{syscall.EDQUOT, "the quota is used up", "remove files there, or have the quota raised"},
	{syscall.EROFS, "it is mounted read-only", "have it mounted for writing again"},
	{syscall.ESTALE, "its file handle is stale: it was exported anew, or its server was changed", "have it mounted again"},
	{syscall.EIO, "the file system answers with input and output errors", "look at its server or its disk: dmesg"},
	{syscall.ENOTCONN, "its file server is not connected", "have it mounted again"},
	{syscall.ETIMEDOUT, "its file server does not answer", "look at the file server"},
	{fs.ErrPermission, "writing is not permitted", "make the folder your own, with mode 0700"},
}

// Trouble says in words why the file system of dir takes no writes when that is what err tells, how much is free there, and
// what to do: "no space is left in DIR (0 MiB and 12 inodes free): remove files there, …". It is empty for other errors.
func Trouble(dir string, err error) string {
	for _, t := range troubles {
		if errors.Is(err, t.err) {
			return fmt.Sprintf("%s in %s%s: %s", t.what, dir, free(dir), t.next)
		}
	}
	return ""
}

// free is how much the file system of dir can take; empty when it does not say.
func free(dir string) string {
	var st syscall.Statfs_t
	if syscall.Statfs(dir, &st) != nil || st.Blocks == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d MiB and %d inodes free)", st.Bavail*uint64(st.Bsize)>>20, st.Ffree)
}
