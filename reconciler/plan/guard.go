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
	for id := range w.open {
		if id.Experiment == x.Name && !isRunSeat(id) && !slices.Contains(old, id.Group) {
			old = append(old, id.Group)
		}
	}
	slices.Sort(old)
	for _, s := range x.Services {
		if s.URL == "" && s.Slots > 0 {
			new = append(new, s.Name)
		}
	}
	if err := Guard(old, new); err != nil {
		return err.Error()
	}
	return ""
}
