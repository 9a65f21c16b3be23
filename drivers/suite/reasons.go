package suite

import (
	_ "embed"
	"fmt"
	"slices"

	"assay/drivers"
)

// Reasons is this file. The manual prints every reason with its comment, so that it is written once.
//
//go:embed reasons.go
var Reasons string

// The reasons that a result carries: faults, for which it is not valid, and notes, which a reader has to know. Programs
// compare these words, never the messages.
const (
	// Faults of a serving or a vector run.
	ReasonNothingCompleted = "NothingCompleted" // no request succeeded: read the failures in the message, and the server's log
	ReasonErrorRate        = "ErrorRate"        // more than 1 % failed: lower the load, or mend what the message names
	ReasonAnswerTooLarge   = "AnswerTooLarge"   // the server sent more than an answer can have: read its log, or what stands between
	// Faults of a serving run.
	ReasonNoUsage    = "NoUsage"    // the server sends no token counts: serve with usage in streams
	ReasonClientLate = "ClientLate" // the client was late: give it an idle host (run: {on: job}), or lower the load
	ReasonNotExact   = "NotExact"   // the requests are not those that were to be sent again: use the assay that made them
	ReasonClientBusy = "ClientBusy" // the client used up its cores: raise cores, give it a host of its own, or lower the load
	// Faults of any run, and notes where the figures are right all the same (package selfwatch).
	ReasonClientCrowded   = "ClientCrowded"   // other programs had the client's CPU: give it a host of its own (run: {on: job})
	ReasonClientThrottled = "ClientThrottled" // a control group's quota stopped the client: raise the CPUs of its job or container
	ReasonClientStolen    = "ClientStolen"    // the hypervisor took the client's CPUs: use a machine that shares them with no other one
	ReasonClientSwapped   = "ClientSwapped"   // the client's memory came back from a disk: give its host or job more, or turn swap off
	ReasonClientStalled   = "ClientStalled"   // the client was stopped or held up: see that nothing stops it (SIGSTOP, a debugger, a sleeping host)
	// Faults of a serving run: the work done is not the work asked.
	ReasonTooManyTokens = "TooManyTokens" // answers are longer than max_tokens: mend the server, or what stands before it
	ReasonEOSNotIgnored = "EOSNotIgnored" // answers ended although ignoreEOS was asked: use a server that knows ignore_eos, or write ignoreEOS: false
	ReasonAnswersCut    = "AnswersCut"    // answers ended before their length: raise the server's context, read its log
	ReasonWrongUsage    = "WrongUsage"    // the server's count of tokens cannot be true: do not use it, nor a throughput made of it
	ReasonPromptCut     = "PromptCut"     // the server read less of the prompts than was sent: raise its context, look for truncation
	ReasonWrongModel    = "WrongModel"    // another model answered: look at what stands before the server
	ReasonBuffered      = "Buffered"      // answers came all at once: switch off buffering in the proxy; TTFT, TPOT and ITL are not the server's
	// Faults of a vector run.
	ReasonCountMismatch = "CountMismatch" // the server lost vectors: read its log, lower batchSize
	ReasonShortLevel    = "ShortLevel"    // a level of queries was too short for a figure: raise duration
	ReasonLowRecall     = "LowRecall"     // less than half of the neighbours were found: raise efSearch
	// Faults of a run that was stopped, in its partial result.
	ReasonPartial = "Partial" // the run did not go to its end: give it more time and run it again
	// Faults of a storage run.
	ReasonIncomplete = "Incomplete" // a phase did nothing, or has no single result: raise the stonewall, read io500.out
	ReasonSplitRun   = "SplitRun"   // the launcher's MPI is not the program's: write mpi in the benchmark
	ReasonInvalid    = "Invalid"    // io500 says so itself: read its words in the message
	ReasonCorrupt    = "Corrupt"    // data came back wrong: report it to those who run the file system
	ReasonTooShort   = "TooShort"   // a phase was too short for a number: raise the stonewall, or its size
	ReasonInMemory   = "InMemory"   // the file system is memory, not storage: measure a directory of another one
	ReasonWrongScore = "WrongScore" // the score does not follow from the phases: run it again, in a directory of its own

	// Notes of any run.
	ReasonTooFewSamples  = "TooFewSamples"  // percentiles were left out: send more requests
	ReasonNoInterval     = "NoInterval"     // how sure a latency is cannot be said: send as many requests as the message says
	ReasonPartialOverlap = "PartialOverlap" // runs of one overlap did not measure all the time together: make them equally long
	ReasonClockStepped   = "ClockStepped"   // the wall clock was set meanwhile: keep it with chrony or ntpd, and run it again
	// Notes of a serving run.
	ReasonOverloaded    = drivers.Overloaded // requests came faster than they were answered, so latencies are left out: lower the rate
	ReasonUnsettled     = "Unsettled"        // all requests were sent before the first ones had shown anything: send more
	ReasonCoalesced     = "Coalesced"        // the server sends several tokens a chunk: read itl_token instead of itl
	ReasonPromptLength  = "PromptLength"     // prompts are more than 2 % longer or shorter than asked: read input_tokens, not inputTokens
	ReasonSameAnswers   = "SameAnswers"      // most answers are the same although the prompts differ: look for a cache, or a broken model
	ReasonCachedPrompts = "CachedPrompts"    // a repeated prompt is answered faster: data that repeats prompts measures the cache
	ReasonEmptyFirst    = "EmptyFirst"       // the first chunks are empty and early: read ttft_text instead of ttft
	ReasonWrongFinish   = "WrongFinish"      // the reasons that answers end with are not those of what happened: do not count with them
	ReasonServerReset   = "ServerReset"      // the server's counters began anew: it was restarted; read its log, and run it again
	// Notes of a vector run.
	ReasonNoTelemetry    = "NoTelemetry"    // no exporter could be made: check OTEL_EXPORTER_OTLP_ENDPOINT
	ReasonTelemetryLost  = "TelemetryLost"  // the collector did not accept all: read its log
	ReasonCollectionLeft = "CollectionLeft" // the run's collection could not be deleted: delete it
	ReasonOneReplica     = "OneReplica"     // replicas of Chroma do not share data, so one was measured: nothing to do
	ReasonCachedQueries  = "CachedQueries"  // the server remembers answers: no level asks a query twice, but users may
	ReasonFewQueries     = "FewQueries"     // a level went through its queries more than once: give a file with more, or shorten duration
	ReasonSlowWrites     = "SlowWrites"     // fewer vectors were added than asked for: lower writes
	// Notes of a storage run.
	ReasonNativeEngine   = "NativeEngine"   // compare it with results of the same engine only
	ReasonShortStonewall = "ShortStonewall" // io500.org accepts no such result: raise the stonewall to 5m to submit it
	ReasonPageCache      = "PageCache"      // the client's memory answered some of the reads: use two nodes or more, or direct: true
	ReasonOneNode        = "OneNode"        // a node read its own data: use two nodes or more
	ReasonStudentRules   = "StudentRules"   // 30 s are the Student Cluster Competition's rules: raise the stonewall to 5m for the list
	ReasonNoLayout       = "NoLayout"       // a Lustre layout could not be set: check that lfs works on the first node
)

// finals are faults that the same request meets again: they follow from the manifest or from the target's configuration, or
// doing it again would hide that data was damaged. All others can come from a moment's disturbance.
var finals = []string{ReasonNoUsage, ReasonTooManyTokens, ReasonEOSNotIgnored, ReasonWrongUsage, ReasonPromptCut, ReasonWrongModel, ReasonBuffered, ReasonNotExact, ReasonLowRecall, ReasonIncomplete, ReasonSplitRun, ReasonCorrupt, ReasonTooShort, ReasonInMemory}

func final(r drivers.Reason) bool { return slices.Contains(finals, r.Reason) }

// NewReason is a reason with a message for people, formatted as by fmt.Sprintf.
func NewReason(reason, format string, args ...any) drivers.Reason {
	return drivers.Reason{Reason: reason, Message: fmt.Sprintf(format, args...)}
}
