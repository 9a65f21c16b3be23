package admit

import (
	"maps"
	"slices"
	"strings"

	"assay/drivers"
)

// mostTried bounds how many QOSs, and how many partitions, a hint tries.
const mostTried = 50

// hint is the nearest thing that would pass: another QOS under which the whole job does, another partition where it does
// if the partition is in the way, or another value of the field.
func (l Limits) hint(j drivers.JobSpec, f Finding) string {
	var out []string
	spec := l.Site.Spec
	if f.Field != Partition && !f.Unknown {
		if names := l.passing(slices.Sorted(maps.Keys(spec.QOS)), l.qosOf(j), func(name string) drivers.JobSpec {
			other := j
			other.QOS, other.Reservation = name, spec.QOS[name].Reservation[j.Partition]
			return other
		}); len(names) > 0 {
			out = append(out, "use qos "+strings.Join(names, " or "))
		}
	}
	if f.inPartition && !f.Unknown {
		if names := l.passing(slices.Sorted(maps.Keys(spec.Partitions)), j.Partition, func(name string) drivers.JobSpec {
			other := j
			other.Partition, other.Reservation = name, spec.QOS[j.QOS].Reservation[name]
			if other.GPUsPerNode > 0 {
				other.GRES = spec.Partitions[name].GRES
			}
			return other
		}); len(names) > 0 {
			out = append(out, "use partition "+strings.Join(names, " or "))
		}
	}
	return strings.Join(append(out, f.instead...), ", or ")
}

// passing are the first two of the other names with which a job has no finding.
func (l Limits) passing(names []string, own string, with func(name string) drivers.JobSpec) (out []string) {
	for _, name := range names[:min(len(names), mostTried)] {
		if name != own && len(out) < 2 && len(l.check(with(name))) == 0 {
			out = append(out, name)
		}
	}
	return out
}
