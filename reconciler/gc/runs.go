package gc

import "strings"

// results are the runs of experiments that are not declared any more, and their last status.
func (s snapshot) results() ([]Leftover, error) {
	all, err := s.Store.Runs(s.Experiment)
	if err != nil {
		return nil, err
	}
	var out []Leftover
	for _, r := range all {
		if s.declared(r.Experiment) || s.mayLive(r.Nonce) {
			continue
		}
		out = append(out, Leftover{Kind: KindRuns, Experiment: r.Experiment, Path: r.Dir})
	}
	statuses, err := s.archived(func(name string) bool { return strings.HasSuffix(name, statusSuffix) })
	for _, l := range statuses {
		if !s.declared(l.Experiment) {
			l.Kind = KindRuns
			out = append(out, l)
		}
	}
	return out, err
}
