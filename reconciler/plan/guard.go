package plan

import (
	"fmt"
	"slices"
	"strings"
)

// Guard refuses a desired set that is empty or keeps nothing of what there is. Old and new are names of services.
func Guard(old, new []string) error {
	if len(old) == 0 || slices.ContainsFunc(old, func(n string) bool { return slices.Contains(new, n) }) {
		return nil
	}
	return fmt.Errorf("it would remove every service that there is (%s); add --prune if that is meant", strings.Join(old, ", "))
}

// guarded is the same rule on the seats that are filled: the last line of defence, and what holds when a revision came another way.
func (w *world) guarded(x *experiment) string {
	if x.Prune || x.Deleting || x.Suspend {
		return ""
	}
	var old, new []string
	for id, open := range w.open {
		if id.Experiment != x.Name || isRunSeat(id) {
			continue
		}
		for _, a := range open {
			old = append(old, orElse(a.Members, []string{id.Group})...)
		}
	}
	for _, r := range w.o.Records {
		if r.Experiment == x.Name {
			old = append(old, r.Service)
		}
	}
	slices.Sort(old)
	old = slices.Compact(old)
	for _, s := range x.Services {
		if s.URL == "" && (s.Slots > 0 || s.Lustre != nil) {
			new = append(new, s.Name)
		}
	}
	if err := Guard(old, new); err != nil {
		return err.Error()
	}
	return ""
}

// orElse is a, or b when a is empty.
func orElse(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}
