// Package source is where manifests come from: files, folders and standard input (read.go), a file that is being edited
// (watch.go), a git branch (git.go). Every Input says where it came from; nothing here looks into the files.
//
// Dependency: github.com/fsnotify/fsnotify tells of edits at once where the file system does; a comparison of the
// content finds the others, because shared file systems deliver no events across nodes.
package source
