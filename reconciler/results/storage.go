package results

import "strings"

const ofStorage = "storage"

// storagePhases are those of IO500 that are scored, by the names that IO500 gives them, in the order in which they run.
// The writing ones have a stonewall.
var storagePhases = []struct {
	name   string
	writes bool
}{
	{"ior-easy-write", true}, {"mdtest-easy-write", true}, {"ior-hard-write", true}, {"mdtest-hard-write", true}, {"find", false},
	{"ior-easy-read", false}, {"mdtest-easy-stat", false}, {"ior-hard-read", false}, {"mdtest-hard-stat", false},
	{"mdtest-easy-delete", false}, {"mdtest-hard-read", false}, {"mdtest-hard-delete", false},
}

// storage are the metrics of drivers/suite/storage, of both engines.
func storage() []Metric {
	out := each(ofStorage, Score, []Metric{
		{Name: "score_bandwidth_gibs", Unit: "GiB/s", Better: Higher, Title: "Bandwidth", Prominence: Headline, Brief: "# GiB/s", Meaning: "The geometric mean of the four ior phases."},
		{Name: "score_iops_kiops", Unit: "kIOPS", Better: Higher, Title: "Metadata", Prominence: Headline, Brief: "# kIOPS", Meaning: "The geometric mean of the seven mdtest phases and find."},
		{Name: "score_total", Better: Higher, Title: "Score", Prominence: Headline, Brief: "score #", Meaning: "The geometric mean of the bandwidth and the metadata score; comparable between runs of one engine only."},
	})
	for _, p := range storagePhases {
		out = append(out, storagePhase(p.name, p.writes)...)
	}
	return append(out, each(ofStorage, Load, []Metric{
		{Name: "ior_rnd4k_easy_read_gibs", Unit: "GiB/s", Better: Higher, Title: "Random 4 KiB read", Meaning: "Bandwidth of random reads of 4 KiB, which IO500 takes but does not score."},
		{Name: "nodes", Title: "Nodes", Meaning: "Nodes that measured together."},
		{Name: "tasks", Title: "Tasks", Meaning: "Processes that measured together, on all nodes."},
		{Name: "find_found", Title: "Files found", Meaning: "Files that find looked for and found."},
		{Name: "find_files", Title: "Files searched", Meaning: "Files that find went through."},
		{Name: "files_left_by_io500", Title: "Files left by io500", Meaning: "Files that io500 left in its directory, which assay removed."},
	})...)
}

// briefs are of phases: a run with a short stonewall has no score.
var briefs = map[string]string{"ior-easy-write": "writes # GiB/s", "ior-easy-read": "reads # GiB/s"}

// storagePhase is the rate of a phase, how long it took, and its rate at the stonewall.
func storagePhase(name string, writes bool) []Metric {
	key, unit, ending, group, what := strings.ReplaceAll(name, "-", "_"), "kIOPS", "_kiops", Metadata, "Thousands of operations per second"
	if strings.HasPrefix(name, "ior-") {
		unit, ending, group, what = "GiB/s", "_gibs", Bandwidth, "Bandwidth"
	}
	out := []Metric{
		{Name: key + ending, Unit: unit, Better: Higher, Title: name, Brief: briefs[name], Meaning: what + " of the phase " + name + "."},
		{Name: key + "_seconds", Group: Load, Unit: "s", Title: name + " time", Meaning: "How long the phase " + name + " took."},
	}
	if writes {
		out = append(out, Metric{Name: key + ending + "_at_stonewall", Group: Throughput, Unit: unit, Better: Higher, Title: name + " at the stonewall",
			Meaning: what + " of the phase " + name + " when the stonewall was reached, before stragglers were waited for."})
	}
	return each(ofStorage, group, out)
}

// Phases are the rates of the scored phases of a storage run, of the group Bandwidth or Metadata, in the order in which the
// phases run. Their titles are IO500's names: ior-easy-write.
func Phases(group string) (out []Metric) {
	for _, m := range load().all {
		if m.Group == group {
			out = append(out, m)
		}
	}
	return out
}
