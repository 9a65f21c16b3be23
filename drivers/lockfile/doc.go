// Package lockfile lets one of several processes, on any host that shares a folder, fetch something that all of them need.
//
//	lockfile.go  a file that only one process can create, and that its holder touches while it works
package lockfile
