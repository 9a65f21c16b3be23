// Package inside runs a command beside a server of ours, as the server sees the world: assay exec.
//
//	process.go  Find: the server's process, its environment and folder
//	enter.go    Command: how to get where it is: nothing to do, a podman container, or another mount namespace
//	run.go      Run: a command with the streams and the exit code of who typed it
//	target.go   Choose: which server of a service is meant, and its job
//
// A command runs on the node of the server, in a step of its job where Slurm runs it, with the environment and the folder of the
// server's process, secrets included: it is the same user's. In a container of podman it is started by podman exec. Of other
// containers the mount namespace is entered with nsenter (util-linux), which the kernel allows where the runtime uses user
// namespaces; where it does not, the error says so. It carries the job's mark, so that it ends with the job.
package inside
