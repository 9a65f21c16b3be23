// Package container puts the processes of a service into containers, and fetches the images that they need.
//
// wrap.go decides which process runs in which image and is pure: it takes the compiled service, as it would run from
// PATH, and returns it with other argument lists. apptainer.go and podman.go know two families of runtimes. pyxis.go knows
// the third: there a container is a step of a Slurm job, so the process keeps its argument list and gets options of srun
// (Process.Step), which the agent puts before it, on its own node and on others.
// Whatever the runtime, five things hold:
//
//   - the program that runs is the process's own argument list: the entrypoint of an image never runs;
//   - the container sees the network of the node, the data directory and $(CONF) at the paths which they have outside,
//     and what the manifest binds;
//   - only the variables of the process get in, not the job's (of those, pyxis shows Slurm's own);
//   - a value of a variable is never an argument: other users of the node read argument lists;
//   - files that the container writes belong to the user.
//
// With pyxis an unnamed container is made for each step from a .sqsh file and removed with it. So nothing is asked inside of
// an image before a server starts (no version, no Ray cluster), and an image has to have a shell.
//
// pull.go fetches images into the folder of the site, one file each, one of several processes at a time; source.go has the
// commands that do, apptainer pull or enroot import; program.go finds a program on this machine; run.go
// runs a container runtime within a time limit and keeps the end of its output.
//
// There are no third-party dependencies: the runtimes are programs, and their command lines are the interface that they
// keep stable.
package container
