// Package durable is the one way in which assay writes a file that must survive, and reads one back.
//
//	write.go    Writer: replace a file whole, create one once, append a line, move, make folders
//	stream.go   the same for content that is too large for memory
//	read.go     read a file within a bound; what is no regular file is refused
//	record.go   JSON records with a schema version
//	sweep.go    removes what writers that were killed left behind
//
// A file is written to a temporary one in the same folder, fsynced, and given its name by rename(2) or, where the name
// must not exist yet, by link(2); then the folder is fsynced. So a crash between any two system calls leaves the old
// file or the new one, and perhaps a temporary file, whose name begins with ".tmp-" and which readers ignore. Files are
// 0600 and folders 0700. There are no locks: a lock outlives its holder on some shared file systems.
//
// Callers act on the kind of an error, never on its text:
//
//	fs.ErrNotExist   there is no such file
//	fs.ErrExist      Create: the name is taken
//	ErrDamaged       a record that is no JSON of its type; the message says how to set it aside
//	ErrNewer         a record that a newer assay wrote
//	ErrTooLarge      more than the reader's bound
//	ErrNotRegular    a FIFO, a device or a folder where a file was expected
//
// A record is a JSON object whose first key is "schema": the version of the state directory's format. It is raised when
// an older assay could misread what a newer one writes. A record without it is of version 0, and reads the same.
//
// Hooks of Writer let a test stop a writer between any two system calls. Nothing is imported but the standard library.
package durable
