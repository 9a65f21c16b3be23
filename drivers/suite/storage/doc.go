// Package storage measures a directory of a parallel file system with the twelve phases of IO500. Every result names the
// engine that measured it.
//
// There are two engines, which share phases, units and formula, and whose scores are never mixed:
//
//   - native, in this binary: no MPI and nothing to install. For watching a file system, and for comparing it with itself.
//   - io500, the program of that name under srun: for numbers that others publish.
//
// suite.go chooses one. Both write into a directory of the run's own below the target, which carries the mark of the run
// (Tree, tree.go). Only that directory is ever removed: at the end, and by the next attempt when the job was killed. Sizes
// are compared with the free space first (Preflight, space.go): bytes, inodes, and on Lustre the quotas of user, group and
// project (lustre.go).
//
// The result says what was measured (Describe, filesystem.go): the file system's type, mount and source, its stripes on Lustre,
// the disk below it where /sys names one, and the free space. A file system in memory gives no valid result (InMemory).
//
// Bandwidths are GiB/s (metrics NAME_gibs), metadata rates are 1000 operations per second (NAME_kiops), where NAME is the
// phase with underscores: ior_easy_write_gibs, mdtest_hard_stat_kiops, find_kiops. score_bandwidth_gibs is the geometric
// mean of the four ior phases, score_iops_kiops that of the seven mdtest phases and find, and score_total that of both.
// Every phase has NAME_seconds.
package storage
