package slurm

import (
	"slices"
	"strings"
)

// settings are what `scontrol show config` says about the cluster as a whole.
type settings struct {
	version, cluster string
	accounting       bool // there is a slurmdbd
	// What is enforced when a job is submitted; without it the accounting's records are no rule.
	associations, limits, qos bool
	partLimits                string // EnforcePartLimits; empty when it is none of those that a Site knows
	wholeNodes                bool   // SelectType=select/linear
	fairShare                 bool   // shares have a meaning
}

func readSettings(config string) settings {
	values := map[string]string{}
	for line := range strings.Lines(config) {
		key, value, found := strings.Cut(line, "=")
		key = strings.TrimSpace(key)
		if _, there := values[key]; found && !there {
			values[key] = strings.TrimSpace(value)
		}
	}
	enforced := strings.Split(strings.ToLower(values["AccountingStorageEnforce"]), ",")
	has := func(words ...string) bool {
		return slices.ContainsFunc(append(words, "all"), func(w string) bool { return slices.Contains(enforced, w) })
	}
	s := settings{version: values["SLURM_VERSION"], accounting: strings.HasSuffix(values["AccountingStorageType"], "/slurmdbd"),
		associations: has("associations", "limits", "qos", "safe", "wckeys"), limits: has("limits", "safe"), qos: has("qos"),
		wholeNodes: values["SelectType"] == "select/linear",
		fairShare:  values["PriorityType"] == "priority/multifactor"}
	if part := values["EnforcePartLimits"]; slices.Contains([]string{"ALL", "ANY", "NO"}, part) {
		s.partLimits = part
	}
	if s.cluster = values["ClusterName"]; s.cluster == "(null)" {
		s.cluster = ""
	}
	return s
}
