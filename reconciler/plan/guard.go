package plan

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Guard refuses a desired set that is empty or keeps nothing of what there is. Old and new are names of services.
func Guard(old, new []string) error {
	if len(old) == 0 || slices.ContainsFunc(old, func(n string) bool { return slices.Contains(new, n) }) {
		return nil
	}
	return fmt.Errorf("it would remove every service (%s); add --prune to do so", strings.Join(old, ", "))
}

// guarded is the same rule for the seats that are filled. It also holds for a revision that did not go through apply.
func (w *world) guarded(x *experiment) string {
	if x.Prune || x.Deleting || x.Suspend {
		return ""
	}
	wanted := make(map[string]bool, len(x.Services))
	for i := range x.Services {
		if s := &x.Services[i]; s.URL == "" && (s.Slots > 0 || s.Lustre != nil) {
			wanted[s.Name] = true
		}
	}
	there := map[string]bool{} // services that would be removed
	for name := range w.present(x) {
		if wanted[name] {
			return ""
		}
		there[name] = true
	}
	if err := Guard(slices.Sorted(maps.Keys(there)), nil); err != nil {
		return err.Error()
	}
	return ""
}

// present are the services that have a job or a directory now.
func (w *world) present(x *experiment) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, id := range x.openSeats {
			if isRunSeat(id) {
				continue
			}
			for _, a := range w.open[id] {
				names := a.Members
				if len(names) == 0 && !yield(id.Group) {
					return
				}
				for _, name := range names {
					if !yield(name) {
						return
					}
				}
			}
		}
		for _, r := range x.records {
			if !yield(r.Service) {
				return
			}
		}
	}
}
