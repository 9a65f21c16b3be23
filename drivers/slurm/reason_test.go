package slurm

import (
	"strings"
	"testing"

	"assay/drivers"
)

// TestBlocks: what squeue prints as a pending job's reason, and what it means.
func TestBlocks(t *testing.T) {
	for reason, want := range map[string]drivers.Block{
		"": "", "None": "", "Priority": "", "Resources": "", "BeginTime": "", "Dependency": "", "Licenses": "", "Cleaning": "", "NewInSlurm99": "",
		"JobHeldUser":                          drivers.BlockHeldByUser,
		"JobHeldAdmin":                         drivers.BlockHeldByAdmin,
		"launch failed requeued held":          drivers.BlockHeldByAdmin,
		"launch_failed_requeued_held":          drivers.BlockHeldByAdmin,
		"JobHoldMaxRequeue":                    drivers.BlockHeldByAdmin,
		"PartitionNodeLimit":                   drivers.BlockTooLarge,
		"PartitionTimeLimit":                   drivers.BlockTooLarge,
		"PartitionConfig":                      drivers.BlockTooLarge,
		"BadConstraints":                       drivers.BlockTooLarge,
		"DependencyNeverSatisfied":             drivers.BlockDependency,
		"AccountNotAllowed":                    drivers.BlockPolicy,
		"InvalidQOS":                           drivers.BlockPolicy,
		"QOSMaxNodePerJobLimit":                drivers.BlockPolicy,
		"QOSMaxWallDurationPerJobLimit":        drivers.BlockPolicy,
		"AssocMaxWallDurationPerJobLimit":      drivers.BlockPolicy,
		"QOSMaxGRESPerNode":                    drivers.BlockPolicy,
		"QOSMinCpuNotSatisfied":                drivers.BlockPolicy,
		"QOSMaxJobsPerUserLimit":               drivers.BlockLimit,
		"QOSGrpNodeLimit":                      drivers.BlockLimit,
		"AssocGrpCpuLimit":                     drivers.BlockLimit,
		"AssocMaxJobsLimit":                    drivers.BlockLimit,
		"QOSUsageThreshold":                    drivers.BlockLimit,
		"PartitionDown":                        drivers.BlockPartition,
		"PartitionInactive":                    drivers.BlockPartition,
		"Reservation":                          drivers.BlockPartition,
		"ReqNodeNotAvail, UnavailableNodes:n1": drivers.BlockPartition,
		"Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions": drivers.BlockPartition,
	} {
		if got := blockOf(reason); got != want {
			t.Errorf("%q blocks as %q, want %q", reason, got, want)
		}
	}
}

// TestEndsAreToldApart reads records as squeue and scontrol print them.
func TestEndsAreToldApart(t *testing.T) {
	for _, c := range []struct {
		state, reason string
		want          drivers.JobState
		said          string
	}{
		{"FAILED", "NonZeroExitCode", drivers.JobFailed, "NonZeroExitCode"},
		{"FAILED", "JobLaunchFailure", drivers.JobFailed, "JobLaunchFailure"},                                         // or it died of a signal
		{"FAILED", "RaisedSignal:53(Real-time signal 19)", drivers.JobFailed, "RaisedSignal:53(Real-time signal 19)"}, // as 24.11 says it
		{"FAILED", "RaisedSignal:9(Killed)", drivers.JobFailed, "RaisedSignal:9(Killed)"},
		{"LAUNCH_FAILED", "None", drivers.JobLaunchFailed, ""},
		{"BOOT_FAIL", "None", drivers.JobBootFail, ""},
		{"NODE_FAIL", "NodeDown", drivers.JobNodeFail, "NodeDown"},
		{"PREEMPTED", "None", drivers.JobPreempted, ""},
		{"DEADLINE", "DeadLine", drivers.JobDeadline, "DeadLine"},
		{"OUT_OF_MEMORY", "OutOfMemory", drivers.JobOutOfMemory, "OutOfMemory"},
		{"TIMEOUT", "TimeLimit", drivers.JobTimeout, "TimeLimit"},
		{"CANCELLED", "None", drivers.JobCancelled, ""},
		{"COMPLETED", "None", drivers.JobCompleted, ""},
		{"SUSPENDED", "None", drivers.JobSuspended, ""},
		{"REQUEUE_HOLD", "JobHeldAdmin", drivers.JobPending, "JobHeldAdmin"},
		{"EXPEDITING", "None", drivers.JobUnknown, "EXPEDITING"},
	} {
		blamed := c.said == "JobLaunchFailure" || strings.HasPrefix(c.said, "RaisedSignal:53")
		record := strings.Join([]string{"3", c.state, c.reason, "x", "(null)", "n1", "2026-11-23T18:48:33", "2026-11-23T18:48:34", "1:00", "2026-11-23T18:48:32"}, fieldEnd) + recordEnd
		jobs, err := parseJobs(record)
		if err != nil || len(jobs) != 1 || jobs[0].State != c.want || jobs[0].Reason != c.said || jobs[0].LaunchBlamed != blamed {
			t.Errorf("squeue's %s (%s): %+v, %v; want %s", c.state, c.reason, jobs, err, c.want)
		}
		j, ok := parseShow("JobId=3 JobName=x JobState=" + c.state + " Reason=" + c.reason + " ExitCode=0:0 TimeLimit=00:01:00 NodeList=n1\n")
		if !ok || j.State != c.want {
			t.Errorf("scontrol's %s (%s): %+v", c.state, c.reason, j)
		}
	}
}
