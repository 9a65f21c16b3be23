package gc

import (
	"maps"
	"slices"
	"strings"
)

// results are the runs of experiments that are not declared any more, and their last status.
func (s snapshot) results() ([]Leftover, error) {
	all, err := s.Store.Runs(s.Experiment)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	total, gone := map[string]int{}, map[string]int{}
	for _, r := range all {
		total[r.Experiment]++
		if s.declared(r.Experiment) || s.mayLive(r.Nonce) {
			continue
		}
		out = append(out, Leftover{Kind: KindRuns, Experiment: r.Experiment, Path: r.Dir})
		gone[r.Experiment]++
	}
	for _, experiment := range slices.Sorted(maps.Keys(gone)) {
		if gone[experiment] == total[experiment] { // the list of its ended runs goes with the last of them
			out = append(out, Leftover{Kind: KindRuns, Experiment: experiment, Path: s.Store.FinishedDir(experiment)})
		}
	}
	statuses, err := s.archived(func(name string) bool { return strings.HasSuffix(name, statusSuffix) })
	for _, l := range statuses {
		if !s.declared(l.Experiment) {
			l.Kind = KindRuns
			out = append(out, l)
		}
	}
	if err != nil {
		return nil, err
	}
	scraped, err := s.scraped()
	return append(out, scraped...), err
}
