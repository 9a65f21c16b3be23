package slurm

import (
	"strings"

	"assay/drivers"
)

// blocks are Slurm's reasons of pending jobs that mean more than waiting for one's turn. Blanks are underscores.
var blocks = map[string]drivers.Block{
	"JobHeldUser": drivers.BlockHeldByUser,

	"JobHeldAdmin":                    drivers.BlockHeldByAdmin,
	"JobHoldMaxRequeue":               drivers.BlockHeldByAdmin,
	"launch_failed_requeued_held":     drivers.BlockHeldByAdmin,
	"job_requeued_in_held_state":      drivers.BlockHeldByAdmin,
	"ReservationDeleted":              drivers.BlockHeldByAdmin,
	"Reservation_deleted":             drivers.BlockHeldByAdmin,
	"PartitionNodeLimit":              drivers.BlockTooLarge,
	"PartitionTimeLimit":              drivers.BlockTooLarge,
	"PartitionConfig":                 drivers.BlockTooLarge,
	"BadConstraints":                  drivers.BlockTooLarge,
	"MaxMemPerLimit":                  drivers.BlockTooLarge,
	"DependencyNeverSatisfied":        drivers.BlockDependency,
	"AccountNotAllowed":               drivers.BlockPolicy,
	"InvalidAccount":                  drivers.BlockPolicy,
	"InvalidQOS":                      drivers.BlockPolicy,
	"QOSNotAllowed":                   drivers.BlockPolicy,
	"AccountingPolicy":                drivers.BlockLimit,
	"PartitionDown":                   drivers.BlockPartition,
	"PartitionInactive":               drivers.BlockPartition,
	"NodeDown":                        drivers.BlockPartition,
	"FrontEndDown":                    drivers.BlockPartition,
	"Reservation":                     drivers.BlockPartition,
	"ReqNodeNotAvail":                 drivers.BlockPartition,
	"Nodes_required_for_job_are_DOWN": drivers.BlockPartition,
}

// blockOf says what keeps a pending job from starting. Of Slurm's limits, those of one job (QOSMaxNodePerJobLimit,
// QOSMinCpuNotSatisfied) never let it start; all others are used up by other jobs.
func blockOf(reason string) drivers.Block {
	word, _, _ := strings.Cut(strings.ReplaceAll(reason, " ", "_"), ",") // ReqNodeNotAvail,_UnavailableNodes:n1
	if b, ok := blocks[word]; ok {
		return b
	}
	if !strings.HasPrefix(word, "QOS") && !strings.HasPrefix(word, "Assoc") {
		return ""
	}
	for _, own := range []string{"PerJob", "PerNode", "QOSMin", "AssocMin"} {
		if strings.Contains(word, own) {
			return drivers.BlockPolicy
		}
	}
	return drivers.BlockLimit
}

// raisedByLaunch is how Slurm says, 24.11 at the latest, that a node could not launch a job. A process does not end by that signal.
const raisedByLaunch = "RaisedSignal:53("

// explain fills in what follows from Slurm's words for a job's state and reason.
func explain(j *drivers.Job, state string) {
	switch {
	case j.State == drivers.JobUnknown:
		j.Reason = state
	case j.State == drivers.JobFailed && (j.Reason == "JobLaunchFailure" || strings.HasPrefix(j.Reason, raisedByLaunch)):
		j.LaunchBlamed = true
	case j.State == drivers.JobPending:
		j.Block = blockOf(j.Reason)
	}
}
