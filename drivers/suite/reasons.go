package suite

import (
	"fmt"
	"slices"

	"assay/drivers"
)

// The reasons that a result carries: faults, for which it is not valid, and notes, which a reader has to know. Programs
// compare these words, never the messages.
const (
	// Faults of a serving or a vector run.
	ReasonNothingCompleted = "NothingCompleted" // no request succeeded: read the failures in the message, and the server's log
	ReasonOverloaded       = "Overloaded"       // the load was not kept up: lower it
	ReasonErrorRate        = "ErrorRate"        // more than 1 % failed: lower the load, or mend what the message names
	ReasonAnswerTooLarge   = "AnswerTooLarge"   // the server sent more than an answer can have: read its log, or what stands between
	// Faults of a serving run.
	ReasonNoUsage    = "NoUsage"    // the server sends no token counts: serve with usage in streams
	ReasonClientLate = "ClientLate" // the client was late: give it an idle host (run: {on: job}), or lower the load
	ReasonClientBusy = "ClientBusy" // the client used up its cores: raise cores, give it a host of its own, or lower the load
	// Faults of a vector run.
	ReasonCountMismatch = "CountMismatch" // the server lost vectors: read its log, lower batchSize
	ReasonLowRecall     = "LowRecall"     // less than half of the neighbours were found: raise efSearch
	// Faults of a storage run.
	ReasonIncomplete = "Incomplete" // a phase did nothing, or has no single result: raise the stonewall, read io500.out
	ReasonSplitRun   = "SplitRun"   // the launcher's MPI is not the program's: write mpi in the benchmark
	ReasonInvalid    = "Invalid"    // io500 says so itself: read its words in the message
	ReasonCorrupt    = "Corrupt"    // data came back wrong: report it to those who run the file system
	ReasonTooShort   = "TooShort"   // a write phase ended before the stonewall: raise its size
	ReasonWrongScore = "WrongScore" // the score does not follow from the phases: run it again, in a directory of its own

	// Notes of any run.
	ReasonTooFewSamples  = "TooFewSamples"  // percentiles were left out: send more requests
	ReasonPartialOverlap = "PartialOverlap" // runs of one overlap did not measure all the time together: make them equally long
	// Notes of a serving run.
	ReasonCoalesced = "Coalesced" // the server sends several tokens a chunk: read itl_token instead of itl
	// Notes of a vector run.
	ReasonNoTelemetry    = "NoTelemetry"    // no exporter could be made: check OTEL_EXPORTER_OTLP_ENDPOINT
	ReasonTelemetryLost  = "TelemetryLost"  // the collector did not accept all: read its log
	ReasonCollectionLeft = "CollectionLeft" // the run's collection could not be deleted: delete it
	ReasonOneReplica     = "OneReplica"     // replicas of Chroma do not share data, so one was measured: nothing to do
	ReasonSlowWrites     = "SlowWrites"     // fewer vectors were added than asked for: lower writes
	// Notes of a storage run.
	ReasonNativeEngine   = "NativeEngine"   // compare it with results of the same engine only
	ReasonShortStonewall = "ShortStonewall" // io500.org accepts no such result: raise the stonewall to 5m to submit it
	ReasonBounded        = "Bounded"        // a write phase reached its size before the stonewall: raise the size
	ReasonOneNode        = "OneNode"        // a node read its own data: use two nodes or more
	ReasonStudentRules   = "StudentRules"   // 30 s are the Student Cluster Competition's rules: raise the stonewall to 5m for the list
	ReasonNoLayout       = "NoLayout"       // a Lustre layout could not be set: check that lfs works on the first node
)

// finals are faults that the same request meets again: they follow from the manifest or from the target's configuration, or
// doing it again would hide that data was damaged. All others can come from a moment's disturbance.
var finals = []string{ReasonNoUsage, ReasonLowRecall, ReasonIncomplete, ReasonSplitRun, ReasonCorrupt, ReasonTooShort}

func final(r drivers.Reason) bool { return slices.Contains(finals, r.Reason) }

// NewReason is a reason with a message for people, formatted as by fmt.Sprintf.
func NewReason(reason, format string, args ...any) drivers.Reason {
	return drivers.Reason{Reason: reason, Message: fmt.Sprintf(format, args...)}
}
