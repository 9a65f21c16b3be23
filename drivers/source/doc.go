// Package source reads manifests from where users keep them, and the secrets that manifests name.
//
//	read.go      files, folders and standard input
//	readeach.go  the same, each file by itself: what cannot be read keeps nothing else back
//	watch.go     files and folders that are being edited: when an edit counts
//	content.go   what files hold at one moment
//	feed.go      files that are edited on another machine
//	notify.go    events of the file system
//	repo.go      a branch or tag of a git repository
//	publish.go   files that are committed to a branch of it
//	address.go   which addresses of repositories are refused
//	identity.go  which repository that is, whatever its address
//	worktree.go  the work tree that a manifest lies in, found without git
//	commit.go    a git commit: its hash, author and subject; whether what was read is what it holds
//	exec.go      how git is called
//	secrets.go   secrets from the environment and from files
//
// Every Input names its origin, with the git commit where there is one. Manifests are parsed by assay/api/v1alpha1, not here.
//
// git is called as a program and not linked, so the user's credentials, ssh settings and proxies apply. It never prompts,
// has a limit of time and of memory, and no argument can be taken for an option. Without git, only following a repository
// fails.
//
// # Repositories that somebody else has filled
//
// A manifest is often read inside a repository that somebody else has made, and a repository can name programs: filters,
// hooks, file system monitors, ssh commands, aliases, and all of them again in a bare repository that lies beside the
// manifest. None of them runs, because git is never called on such a repository. Its HEAD is read as the file that it is, its
// objects are lent to an empty repository of our own, and whether a manifest is what the commit holds is decided by hashing
// the bytes that were read, without filters. What differs only in the ends of its lines therefore counts as -dirty.
//
// A followed repository is fetched into a bare copy of our own. When it is a folder of this machine git serves it with
// upload-pack, which obeys no program that the folder names from git 2.39.4, 2.43.4 and 2.45.1 on.
//
// A branch is written by way of the same copy: only files are added to it, nothing is forced, and no hook of a folder runs.
//
// An address that holds a user name or a token is refused before git sees it: it would be in the list of processes, and in
// every revision. Secrets in what git says are taken out.
//
// An edit that is not finished is not delivered: the files have to be quiet first, and an edit that removes something waits
// longer. A repository is identified by its first commit, so that its ssh and https addresses are one.
//
// Dependencies: golang.org/x/sys bounds the memory of git. github.com/fsnotify/fsnotify reports edits at once where the file
// system does. A comparison of the content finds the others, because shared file systems deliver no events across nodes.
package source
