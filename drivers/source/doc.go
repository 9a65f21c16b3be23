// Package source is where manifests come from: files, folders and standard input (read.go), a file or folder that is being
// edited (watch.go), a branch of a git repository (repo.go). Every Input says where it came from, with the git commit
// where there is one (commit.go). Nothing here looks into the files.
//
// git is called as a program (exec.go), never linked: so the user's credentials, ssh settings and proxies hold. It asks
// nobody anything, has a time limit, runs no command that a repository names, and gets no argument that could be an
// option. Without git only following a repository fails.
//
// Dependency: github.com/fsnotify/fsnotify tells of edits at once where the file system does; a comparison of the
// content finds the others, because shared file systems deliver no events across nodes.
package source
