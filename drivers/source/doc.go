// Package source reads manifests from where users keep them, and the secrets that manifests name.
//
//	read.go      files, folders and standard input
//	watch.go     files and folders that are being edited: when an edit counts
//	content.go   what files hold at one moment
//	notify.go    events of the file system
//	repo.go      a branch or tag of a git repository
//	identity.go  which repository that is, whatever its address
//	commit.go    a git commit: its hash, author and subject
//	exec.go      how git is called
//	secrets.go   secrets from the environment and from files
//
// Every Input names its origin, with the git commit where there is one. Manifests are parsed by assay/api/v1alpha1, not here.
//
// git is called as a program and not linked, so the user's credentials, ssh settings and proxies apply. It never prompts,
// has a time limit, runs no command that a repository names, and no argument can be taken for an option. Without git,
// only following a repository fails.
//
// An edit that is not finished is not delivered: the files have to be quiet first, and an edit that removes something waits
// longer. A repository is identified by its first commit, so that its ssh and https addresses are one.
//
// Dependency: github.com/fsnotify/fsnotify reports edits at once where the file system does. A comparison of the content
// finds the others, because shared file systems deliver no events across nodes.
package source
