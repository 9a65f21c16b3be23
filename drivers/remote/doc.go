// Package remote types verbs on a laptop and runs them at a site, over the user's own ssh.
//
//	context.go    Contexts: the names of sites that are reached by ssh, and which of them is current
//	ssh.go        the command line of ssh: one connection for all verbs of a context, which ends 10 minutes after the last
//	connect.go    Connect: that connection, and assay at its other end
//	install.go    assay is copied there once for each version, by its hash
//	sum.go        the hash of a file, remembered for as long as the file stays what it is
//	stdio.go      HTTP/2 between the two, over the standard input and output of ssh
//	frame.go      frames: how both sides talk while a verb runs
//	message.go    what frames hold
//	typed.go      Typed: what a verb reads and writes on the laptop, collected before it runs
//	laptop.go     Run: the side on which the verb was typed
//	answer.go     what the laptop does for the site, and what it refuses
//	relay.go      ports of the laptop's loopback that lead to the site
//	site.go       Serve: the side on which the verb runs
//	session.go    Session: what a verb there gets from the laptop
//	manifest.go   manifests, secrets and files that the laptop has sent
//	files.go      files that a verb there names, borrows from the laptop or makes for it
//	streams.go    standard input, output and errors of a verb there
//	reached.go    what the laptop's ports lead to
//
// # What happens
//
// ssh is the user's own program, so that keys, agents, jump hosts, codes and host keys work as ssh_config says; nothing of
// that is changed. The first verb opens a connection that later ones share. At the site `assay remote-serve HASH` begins, the
// very program that runs here, and says so on its standard output: [magic]. What a login shell printed before is skipped.
// Everything else goes through HTTP/2 on its standard input and output, so no port and no socket is opened at the site:
//
//	POST /run        both bodies are frames, as long as the verb runs
//	POST /file/SUM   the body is a file that the site asked for
//	POST /stream/N   both bodies are the bytes of one connection to a port of the laptop
//
// HTTP/2 keeps a slow connection from blocking the others, and finds out within a minute that the other side is gone.
//
// # Frames
//
// A frame is one byte for its kind, four bytes for its length, the highest first, and its content. Each kind has a greatest
// length; an unknown kind, a longer frame and content that is not what the kind says end the session with an error.
//
//	to the site    R Request (JSON), M Manifest (JSON, an edit), I standard input (JSON), S an interrupt (empty), W terminal (JSON)
//	to the laptop  o standard output, e standard error (bytes), i standard input is wanted (empty), n a file is needed (JSON),
//	               s a file is to be saved (JSON), d its content (bytes), z its end (JSON), p ports are wanted (JSON), x exit (JSON)
//	to the site    P the ports (JSON), answers p; Z how saving went (JSON), answers z
//
// # What neither side can make the other do
//
// The site gets the manifests that were named on the command line, the secrets and the files that those name, and the files
// of arguments; it can ask for nothing else. It can have a file saved only under the name that was typed. It opens ports of
// the laptop only for `tunnel`; these, and those of `proxy` and `web`, are on loopback and serve the user's own programs alone.
// Secrets travel inside of ssh's standard input: they are in no argument and no environment on either side.
//
// # When the connection is lost
//
// The verb at the site ends as by a hang-up: what was submitted goes on, and a lease is given back. Run returns ErrLost.
//
// Exported names of both sides are used by cmd/assay alone.
package remote
