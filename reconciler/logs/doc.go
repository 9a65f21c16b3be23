// Package logs knows which file holds whose log, and prints logs: assay logs.
//
//	find.go   Find: from the name of a service, a run, a node or a job to files
//	job.go    the log files of one job
//	print.go  Printer, which prints the logs of an object and follows them
//	tail.go   the last lines of a file, and the rest of it from an offset
//
// A job directory has a folder of logs, with PROCESS.JOB.log for each server, and job.JOB.log beside it for what the job itself printed. A
// run's log is suite.log in the run's directory. Of a service the newest log of each server in each seat counts, also of
// jobs that have ended, so that the log of a crash is found after the job is gone.
package logs
