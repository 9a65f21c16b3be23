package changes

// Last is the newest change of a series.
type Last struct {
	Benchmark string            `json:"benchmark"`
	Point     map[string]string `json:"point,omitempty"`
	Metric    string            `json:"metric"`
	Step
}

// LastOf are the newest changes of series, of each that has one.
func LastOf(all []Series) (out []Last) {
	for _, s := range all {
		for i := len(s.Steps) - 1; i >= 0; i-- {
			if s.Steps[i].Change != nil {
				out = append(out, Last{s.Benchmark, s.Point, s.Metric, s.Steps[i]})
				break
			}
		}
	}
	return out
}
