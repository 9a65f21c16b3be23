// Package durable is the one way in which assay writes a file that must survive, and reads such a file.
//
//	write.go    Writer: replace a file whole, or create it once, from memory or from a stream
//	nameless.go, nameless_linux.go, nameless_other.go
//	            a file that is written for long, and replaces one when it is whole
//	together.go Together: one fsync of a folder for several writers
//	append.go   append lines
//	folder.go   move, remove, make and list folders; fsync of a folder
//	read.go     read a file within a bound; what is not a regular file, or is another user's, is refused
//	record.go   JSON records with a schema version
//	states.go   Extend: a later state of a record, behind the earlier ones in its file
//	watched.go  Watched: a record that is read again only when it was replaced
//	beat.go     Beat: a sign of life, overwritten in place
//	errors.go   the kinds of error, and what to type when a record is damaged
//	sweep.go    remove what killed writers left behind
//	trouble.go  what a file system that takes no writes is called, and what to do about it
//	observe.go  lets tests count reads, and benchmarks delay them
//
// A file is written to a temporary one in the same folder, fsynced, and given its name by rename(2) or, where the name
// must not exist yet, by link(2); then the folder is fsynced. So a crash between any two system calls leaves the old
// file or the new one, and perhaps a temporary file, whose name begins with ".tmp-" and which readers ignore. Files are
// 0600 and folders 0700. A sign of life alone is overwritten in place (beat.go), with a checksum: it is written every second,
// and a rename costs a metadata server more than a few bytes do. There are no locks: a lock outlives its holder on some shared file systems.
// A record that changes often can grow instead (states.go): the last whole state counts.
//
// Callers act on the kind of an error, never on its text:
//
//	fs.ErrNotExist   the file does not exist
//	fs.ErrExist      Create: the name exists
//	ErrDamaged       a record that is not JSON of its type; the message says how to set it aside
//	ErrNewer         a record that a newer assay wrote
//	ErrTooLarge      more than the reader's bound
//	ErrChanged       Extend: the file is not as its only writer left it
//	ErrNotRegular    a FIFO, a socket, a device or a folder where a file was expected
//	ErrForeign       the file is another user's
//
// A record is a JSON object whose first key is "schema": the version of records of its kind. It is raised when an older assay
// could misread what a newer one writes. A record without it is of version 0, and is read the same way. Most kinds are of
// Schema; a kind with a version of its own is read with ReadVersion and written with EncodeVersion.
//
// Files for other programs (Prometheus' targets, vLLM's results, plots) are written by Replace and Stream, without a
// schema. Writer.Hook lets a test stop a writer between any two system calls. Beside the standard
// library golang.org/x/sys is imported, for linkat(2) as the one way to name a file that has none.
package durable
