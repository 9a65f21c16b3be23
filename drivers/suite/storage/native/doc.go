// Package native is assay's own engine for the phases of IO500: no MPI, nothing to install, one process on each node
// with a thread for each task.
//
// What it does in each phase:
//
//   - ior-easy-write: every task writes a file of its own, transfer by transfer, and flushes it.
//   - mdtest-easy-write: every task creates empty files in a directory of its own.
//   - ior-hard-write: all tasks write 47008-byte records into one file, interleaved.
//   - mdtest-hard-write: all tasks create files of 3901 bytes in one directory.
//   - find: all tasks together walk the tree for files newer than the timestamp with 3901 bytes and 01 in their names.
//   - the reads and stats: every task takes what the task one node further on has written, so that with two nodes or more
//     no node reads its own cache; with one node the cache is dropped with fadvise first, and the result has a note. What
//     stays in it all the same is looked for with mincore, and noted.
//   - what is read is compared with what was written, byte by byte.
//
// With direct: true ior-easy goes past the page cache (O_DIRECT). The records of ior-hard, and files of 3901 bytes, fit no
// device's blocks, so they cannot.
//
// A write phase ends at the stonewall, or earlier when a size bounds it. Then all other tasks do as much as the fastest task
// has done (wear-out), and the time counts until the last one has: a slow task lowers the result, as it would delay a job.
//
// A result is not valid when nothing was done in a phase (Incomplete), when a write phase ended before the stonewall, or when a
// phase took less than 10 ms (TooShort), and on tmpfs (InMemory, package storage), and when the tasks waited for a CPU for more than a tenth of
// their time (ClientCrowded; package selfwatch watches every node). A score, which IO500's
// rules give from 300 s on and students' from 30 s, is left out below 30 s.
//
// Package coordinator connects the nodes. Before and after each phase an allgather gives every node the reports of all
// (comm.go, leader.go, worker.go). An error on any node stops all nodes at once, in the middle of a phase too, and the
// run's error names the node.
//
// Everything is written into one directory below the target, marked as this run's, and removed at the end, also after a
// failure or a cancel. Declared sizes are compared with the free space before anything is written; phases without a
// declared size stop before they fill the file system.
//
//	engine.go  a run and its result             runner.go  one node's tasks through the phases
//	phases.go  what a task does in each phase   data.go    what is written, and checked
//	tree.go    the run's folders                comm.go    allgather; leader.go and worker.go implement it
//	judge.go   faults and notes                 direct.go  past the page cache; pagecache.go: what stays in it
//	watch.go   what kept the tasks from their work
package native
