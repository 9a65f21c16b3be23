// Package safefile decides which files and folders of a shared machine assay believes, and removes folders without being led
// astray. Other users of the machine can make names wherever a folder lets them, and can put a link in the place of a folder
// between two calls. So what is decided here is decided by descriptor: a folder or file is opened once, what was opened is
// asked for its owner, its mode and its kind, and that same descriptor is then read, or emptied.
//
//	private.go  Private and Trusted: nobody else can write in a folder or a file, nor put another one in its place
//	owner.go    who owns what, and who counts as trusted: this user and root
//	folder.go   Folder: an open folder of this user, and what is read and renamed in it
//	remove.go   what removes: by descriptors, never over a mount, never another user's files
//	open.go     regular files that a manifest names or a folder holds: no FIFO, device or link out of the folder
//	program.go  Program: the copy of assay that jobs run is the one that its name says
//
// Callers act on the kind of an error: ErrForeign (another user's), ErrUnsafe (others can write there), ErrKind (not a plain
// file, or a link that leads out), and fs.ErrNotExist. Every such error names the path and what to type, and none shows content.
//
// Who shares an account, or is root, is not kept out: they can do what assay does.
//
// Dependency: golang.org/x/sys/unix, for openat, unlinkat, renameat and statx, which also tells mounts of one file system
// apart. os.Root follows no link out of a folder, but asks nobody for owners and mounts; it opens files here and removes none.
package safefile
