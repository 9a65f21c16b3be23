// Package safefile decides which files and folders of a shared machine assay believes, and removes folders without being led
// astray. Other users of the machine can make names wherever a folder lets them, and can put a link in the place of a folder
// between two calls. So what is decided here is decided by descriptor: a folder or file is opened once, what was opened is
// asked for its owner, its mode and its kind, and that same descriptor is then read, or emptied.
//
//	private.go  Private and Trusted: nobody else can write in a folder or a file, nor put another one in its place
//	owner.go    who owns what, and who counts as trusted: this user and root
//	group.go    the group that a user has alone
//	folder.go   Folder: an open folder of this user, and what is read and renamed in it
//	remove.go   what removes: by descriptors, never over a mount, never another user's files
//	open.go     regular files that a manifest names or a folder holds: no FIFO, device or link out of the folder
//	sum.go      Sum: what such a file holds, as its SHA-256
//	program.go  Program: the copy of assay that jobs run is the one that its name says
//
// Callers act on the kind of an error: ErrForeign (another user's), ErrUnsafe (others can write there), ErrKind (not a plain
// file, or a link that leads out), and fs.ErrNotExist. Every such error names the path and what to type, and none shows content.
//
// Who shares an account, or is root, is not kept out: they can do what assay does.
//
// # Threat model of assay
//
// assay runs as a person on machines of many. What is kept out, and where:
//
//	another user of the login node   puts files, links, FIFOs or a planted program where assay reads, runs or removes (here);
//	                                 reads secrets in argv, environments, states, logs (service, store, redact); asks the
//	                                 embedded Prometheus (listen, prometheus); takes a port or an address that a file
//	                                 still names (procid.Address)
//	another user of a compute node   takes a server's port before it, to be given its key (agent); replaces folders in
//	                                 shared scratch (here, suite); reads folders of Ray or of jobs (service/parent)
//	another user of the network      asks servers, agents, monitors and relays without a proof, floods them, or sends them
//	                                 what costs memory (listen, service/parent, coordinator); joins a Ray cluster (service)
//	the author of a manifest in git  names programs, secrets and files (api/v1alpha1); configures the repository to
//	                                 run something, hides a token in an address (source); writes what costs time and
//	                                 memory to read (api/v1alpha1); takes over another's experiment (accept)
//	a hostile or broken server       answers without end, redirects with credentials, quotes its key, sends escape sequences,
//	                                 formulas and markup (bounded, probe, redact, plain)
//	a hostile image                  is run by the site's container runtime, as the user who named it; what it prints and
//	                                 serves is treated as a server's
//	who is sent an archive, a report gets no secret that assay knows, nor what looks like one (redact, bundle)
//
// Not kept out: who reads the packets of others on the cluster's network, or answers there in a server's place. Keys, tokens and
// passwords go over it in plain HTTP (the collector's traffic alone is encrypted, both sides with certificates), because the
// servers, clients and scrapers of others that meet there share no authority that could sign certificates. Each key opens one
// service, and the token of scrapes nothing but metrics. What a laptop asks and sends goes through ssh.
//
// By design a manifest that its user types runs commands as that user. The tests of the packages named here carry the attacks
// out, as other users where they are root.
//
// Dependency: golang.org/x/sys/unix, for openat, unlinkat, renameat and statx, which also tells mounts of one file system
// apart. os.Root follows no link out of a folder, but asks nobody for owners and mounts; it opens files here and removes none.
package safefile
