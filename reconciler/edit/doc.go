// Package edit lets a person change what is stored of an experiment, in an editor of their own: assay edit.
//
//	text.go     what is opened: a stored experiment as a manifest, below a few lines of comment
//	session.go  Session: opens it until what was saved is valid, unchanged or empty
//	editor.go   which program opens it
//
// The file is in a folder of its own that others cannot enter, and goes with the session, unless what was written in it would be
// lost. Mistakes are put on top of it as comments, and it is opened again. Nothing here stores anything.
package edit
