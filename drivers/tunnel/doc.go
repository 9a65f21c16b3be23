// Package tunnel reaches endpoints on a cluster's nodes from the user's own machine, by ssh through the site's login host.
//
//	forward.go  Forward: an endpoint and the local port that leads to it
//	ssh.go      the command line of ssh, to run or to paste
//	open.go     Run, which holds one ssh open for several forwards
//
// ssh is the user's own program, found in PATH, so that keys, agents and ssh_config work as usual; it can ask for a
// password and a code on the terminal. Hosts and users come from a site's file and reach ssh as arguments, never through
// a shell; one that ssh could read as an option is refused.
//
// Local ports are bound on 127.0.0.1 alone. A port is chosen by binding it and letting it go, so another program can take
// it in between; ssh then fails (ExitOnForwardFailure), and Run reports that.
package tunnel
