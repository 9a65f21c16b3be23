// Package io500 runs the io500 program of the site and reads what it says: for numbers that others publish.
//
// A run (engine.go) looks at the space (package storage), asks the program which settings it knows (`--list`; they vary by
// release and an unknown one is fatal) and writes an ini file of those (ini.go), starts it with srun inside a job and
// with mpiexec outside (launch.go), tells progress from result.txt, which is written key by key while the summary stays
// empty to the end, and reads everything (parse.go). The result directory is kept below the run's, the data is removed.
//
// The program's exit status says almost nothing: runs that are invalid, cut short or split into single processes end with
// 0. judge.go lists every rule by which a result is not valid:
//
//   - SplitRun: another number of processes took part than was asked for; the wrong --mpi does that
//   - Incomplete: not exactly one score, a scored phase is missing or did nothing
//   - Invalid: the program says so, anywhere
//   - Corrupt: data came back wrong; the program says so only in the file of the phase
//   - TooShort: a write phase took less than the stonewall
//   - WrongScore: the score or its hash is not what the phases give
//
// A stonewall of five minutes is what the list of io500.org takes. One of 30 s runs under the rules of the Student Cluster
// Competition (scc) and can be valid here, never there; every other is invalid to the program.
//
// Sizes that the manifest leaves open are io500's own, but never more than a share of what is free (storage.Preflight):
// the program would fill the file system. On Lustre, the run's directory gets one stripe a file, directories are spread
// over all metadata targets, ior-hard's single file over all object targets; layout.txt keeps what was set.
package io500
