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
//     nobody reads its own cache; with one node the cache is dropped with fadvise first, which a result says.
//   - what is read is compared with what was written, byte by byte.
//
// A write phase ends at the stonewall, or earlier when a size bounds it. What the fastest task has done by then all others
// do as well (wear-out), and the time counts until the last one has: a slow task lowers the number, as it would a job.
//
// Nodes are joined by package team. Before and after each phase all say how they fare. An error anywhere stops all nodes at
// once, in the middle of a phase too, and is named.
//
// Everything is in one directory below the target, made here, marked as this run's, and removed at the end, also after a
// failure or a cancel.
// Before anything is written its size is compared with what is free, and what no size bounds stops short of filling the
// file system.
package native
