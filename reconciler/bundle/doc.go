// Package bundle writes an archive of a state directory for support, without secrets: assay logs --save.
//
//	bundle.go   Bundle, which holds what goes in, and Save, which writes it
//	files.go    which files go in: of one experiment or of all
//	secrets.go  which values must not appear, and which documents are rewritten
//	archive.go  one file into the archive: redacted, then added
//	cut.go      the middle of a large file, which is left out
//
// The archive is a .tar.gz with the folders of the state directory below assay/: jobs with their logs and states, runs,
// revisions, status, intents, archived records and events. Stored secrets, temporary files and links are not in it.
//
// Collect decides before anything is written. Two kinds of secrets are known then: values that were stored, or that an
// agent generated, and values of settings whose names look secret. Every byte of the archive goes through a redact.Writer
// with all of them, and then through redact.Lines, which hides what only looks like a secret. A document that holds settings and cannot be read is replaced by a sentence. Values that are too short
// to be looked for, and such documents, are named in Bundle.Notes.
//
// Save writes through drivers/durable: a file of the final name is whole, and only its owner can read it.
package bundle
