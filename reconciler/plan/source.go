package plan

import (
	"fmt"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// Source is what a followed folder or repository last delivered. The command that follows it writes it; the rule below
// makes a condition of it.
type Source struct {
	Owner       string            `json:"owner"` // whose experiments it is about
	Origin      drivers.Origin    `json:"origin"`
	Unreadable  string            `json:"unreadable,omitempty"`  // why nothing could be read of it
	Broken      string            `json:"broken,omitempty"`      // why what was read could not be applied
	Experiments []string          `json:"experiments,omitempty"` // that it holds, as of the last delivery that could be applied
	Refused     map[string]string `json:"refused,omitempty"`     // experiment -> why its last edit was not applied
	Budget      *v1alpha1.Budget  `json:"budget,omitempty"`      // of all its experiments together
	Sites       []string          `json:"sites,omitempty"`       // what is said of each Site in it, which is not taken
}

// delivery names a delivery for people.
func delivery(o drivers.Origin) string {
	if o.Source == "watch" || o.Commit == "" {
		return o.Path
	}
	s := fmt.Sprintf("commit %.10s", o.Commit)
	if o.Author != "" {
		s += " by " + o.Author
	}
	if o.Subject != "" {
		s += fmt.Sprintf(" (%s)", o.Subject)
	}
	return s
}

// claimed is for an experiment that a followed source declares too, and that it leaves to its owner.
func (w *world) claimed(x *experiment) (status string, because cause) {
	for _, s := range w.o.Sources {
		if why := s.Refused[x.Name]; why != "" && s.Owner != x.Owner {
			return v1alpha1.False, cause{AnotherOwner, fmt.Sprintf("%s declares it too: %s", s.Origin.Path, why)}
		}
	}
	return "", cause{}
}

// synced compares an experiment with the followed source that owns it; first match wins. Without such a source there is
// no condition, unless another source claims it.
func (w *world) synced(x *experiment) (status string, because cause) {
	i := slices.IndexFunc(w.o.Sources, func(s Source) bool { return s.Owner == x.Owner })
	if x.Deleting {
		return "", cause{}
	}
	if i < 0 || x.Owner == "" {
		return w.claimed(x)
	}
	s := w.o.Sources[i]
	from := delivery(s.Origin)
	switch {
	case s.Unreadable != "": // what it holds now is unknown, not gone
		return v1alpha1.Unknown, cause{SourceUnreadable, s.Unreadable}
	case s.Broken != "" && s.Origin.Source == "sync":
		return v1alpha1.False, cause{BrokenCommit, fmt.Sprintf("%s was not applied: %s", from, s.Broken)}
	case s.Broken != "":
		return v1alpha1.False, cause{BrokenEdit, fmt.Sprintf("the last edit was not applied: %s", s.Broken)}
	case !slices.Contains(s.Experiments, x.Name):
		return v1alpha1.False, cause{OutOfSync, fmt.Sprintf("%s no longer holds it", s.Origin.Path)}
	case s.Refused[x.Name] != "":
		return v1alpha1.False, cause{EditRefused, s.Refused[x.Name]}
	}
	if status, because := w.claimed(x); because.set() {
		return status, because
	}
	if len(s.Sites) > 0 {
		return v1alpha1.True, cause{SiteNotTaken, from + "; " + strings.Join(s.Sites, "; ")}
	}
	return v1alpha1.True, cause{InSync, from}
}
