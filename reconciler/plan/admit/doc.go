// Package admit says before a job is submitted what its scheduler would say to it, from what the site's file states: all
// problems at once, each with the field, the limit, who set it, and the nearest thing that would pass. It is pure.
//
//	limits.go      Limits, what a Finding is, and the order of the checks of one job
//	partition.go   what a partition allows, and what its nodes have
//	account.go     accounts, reservations and licenses
//	table.go       the limits of QOSs and associations, as a table, and which of them counts for a job
//	job.go         one job against that table
//	hint.go        what to write instead
//	demand.go      the jobs of an experiment: allocations, those that overlap them at a renewal, and jobs of runs
//	once.go        how many of them there are at once, against the limits of a user, an account and all
//	rule.go        the rule for v1alpha1.Load, with the paths of the manifest
//
// It follows what Slurm does (measured with sbatch --test-only; the tests compare with it):
//
//   - What no node has, the partition's least and most nodes, names that do not exist or that the account lacks, and too many
//     submitted jobs are refused.
//   - The partition's time limit and its lists of QOSs and accounts are refused, unless the site says enforcePartLimits: "NO". So
//     are too few nodes where its slurmVersion is above 24.11, too.
//   - Limits of QOS and association on one job are refused unless the QOSs of the job say denyOnLimit: false. A job that is
//     accepted then waits until an administrator raises the limit: that is a warning.
//   - Of each limit the first one that is set counts: that of the partition's QOS, then the job's QOS, then the account. A job's
//     QOS with overPartQos comes before the partition's.
//   - A time limit counts in whole minutes, rounded up, as it is submitted.
//
// Limits on several jobs at once make jobs wait. Services stay up, so those that can never run at once are refused. The job
// that follows another before its walltime ends would wait for it, which is a warning. What other jobs of the user take of
// a limit is not known, and not guessed.
package admit
