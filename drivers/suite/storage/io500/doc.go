// Package io500 runs the io500 program of the site and reads its results: for numbers that others publish.
//
// A run (engine.go) checks the free space (package storage), asks the program for the settings that it knows (`--list`;
// they vary by release and an unknown one is fatal) and writes an ini file of those (ini.go). It starts the program with
// srun inside a job and with mpiexec outside (launch.go), reports progress from result.txt, which is written key by key
// while the summary stays empty until the end, and reads the results (parse.go). The result directory is kept below the
// run's; the data is removed.
//
// The program's exit status is of little use: runs that are invalid, cut short or split into single processes end with 0.
// judge.go holds every rule by which a result is not valid:
//
//   - SplitRun: another number of processes took part than was asked for; the wrong --mpi does that
//   - Incomplete: not exactly one score, a scored phase is missing or did nothing
//   - Invalid: the program says so, in any of its outputs
//   - Corrupt: data came back wrong; the program reports it only in the file of the phase
//   - TooShort: a write phase took less than the stonewall
//   - WrongScore: the score or its hash is not what the phases give
//
// The list of io500.org accepts a stonewall of five minutes. One of 30 s follows the rules of the Student Cluster
// Competition (scc) and can be valid here, but not there; the program marks every other as invalid.
//
// Sizes that the manifest leaves open are io500's own, but never more than a share of what is free (storage.Preflight):
// the program would fill the file system. On Lustre, the run's directory gets one stripe a file, directories are spread
// over all metadata targets, ior-hard's single file over all object targets; layout.txt keeps the layout (layout.go).
package io500
