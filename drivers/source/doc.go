// Package source reads manifests from where users keep them, and the secrets that manifests name.
//
//	read.go      files, folders and standard input
//	watch.go     a file or folder that is being edited
//	repo.go      a branch or tag of a git repository
//	commit.go    the git commit that files lie at
//	exec.go      how git is called
//	secrets.go   secrets from the environment and from files
//
// Every Input names its origin, with the git commit where there is one. Nothing here parses a manifest.
//
// git is called as a program and not linked, so the user's credentials, ssh settings and proxies apply. It never prompts,
// has a time limit, runs no command that a repository names, and no argument can be taken for an option. Without git,
// only following a repository fails.
//
// Dependency: github.com/fsnotify/fsnotify reports edits at once where the file system does. A comparison of the content
// finds the others, because shared file systems deliver no events across nodes.
package source
