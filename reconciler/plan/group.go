package plan

import (
	"strings"
	"time"

	"assay/drivers"
)

// allocation is the unit of submission: the services of a group, or one service alone, in one job a slot.
type allocation struct {
	name     string
	grouped  bool // declared as a group: it may hold more than its members need
	members  []*service
	slots    int
	job      drivers.JobSpec
	size     Size
	holds    Holds
	base     string
	alloc    string
	settings string
	spec     string
	restarts int
	backoff  time.Duration
	fence    time.Duration
	renew    Renew
	scale    *Scale  // a metric decides how many slots there are; nil: none
	twins    []*seat // by slot, where a second job of the place is open; nil: nowhere
	seats    []*seat
}

// allocate puts the services of an experiment into allocations, in the order of the manifest. A service without a group
// keeps the fingerprints that it was compiled to.
func allocate(services []*service) (out []*allocation, byName map[string]*allocation) {
	byName = make(map[string]*allocation, len(services))
	for _, s := range services {
		if !s.seated() {
			continue
		}
		name, grouped := s.Name, false
		if s.Group != "" {
			name, grouped = s.Group, true
		}
		if byName[name] == nil {
			byName[name] = &allocation{name: name, grouped: grouped}
			out = append(out, byName[name])
		}
		byName[name].members = append(byName[name].members, s)
	}
	for _, a := range out {
		a.merge()
	}
	return out, byName
}

// seated reports whether a service runs in jobs of ours.
func (s *service) seated() bool { return s.URL == "" && s.Lustre == nil }

// merge adds up what the members ask for.
func (a *allocation) merge() {
	first := a.members[0]
	a.job, a.slots, a.restarts, a.backoff, a.fence = first.Job, first.Slots, first.Restarts, first.Backoff, first.Fence
	a.renew, a.scale = first.Renew, first.Scale
	for _, s := range a.members[1:] {
		a.job = ShareJob(a.job, s.Job, false)
		a.restarts, a.backoff, a.fence = max(a.restarts, s.Restarts), max(a.backoff, s.Backoff), max(a.fence, s.Fence)
		a.renew = a.renew.with(s.Renew)
	}
	if first.WholeNodes && a.grouped { // the node comes whole, and a sum could only ask for more than there is
		a.job.CPUsPerNode, a.job.MemoryPerNode = 0, 0
	}
	a.size = Size{Nodes: a.job.Nodes, GPUs: a.job.GPUsPerNode, CPUs: a.job.CPUsPerNode, Memory: a.job.MemoryPerNode}
	a.holds = HeldBy(a.job, first.NodeGPUs)
	a.alloc, a.settings, a.spec = first.Alloc, first.Settings, first.Spec()
	if a.grouped {
		j := a.job
		words := []string{j.Partition, j.QOS, j.Account, j.Reservation, strings.Join(j.Modules, "\n"), strings.Join(j.Directives, "\n")}
		if j.GRES != "" { // a site that names none has the fingerprints of before
			words = append(words, j.GRES)
		}
		a.base = digest(words...)
		a.alloc = digest(a.base, sizeWords(a.size))
		a.settings = digest(a.job.Time.String())
		specs := make([]string, 0, 2*len(a.members))
		for _, s := range a.members {
			specs = append(specs, s.Name, s.Spec())
		}
		a.spec = digest(specs...)
	}
}

func (a *allocation) names() (out []string) {
	for _, s := range a.members {
		out = append(out, s.Name)
	}
	return out
}

// fits reports whether a job that was submitted earlier still serves: it holds exactly what is declared or, for a group, at
// least as much. So a member can join or leave without disturbing the others.
func (a *allocation) fits(attempt *Attempt) bool {
	if attempt.Alloc == a.alloc {
		return true
	}
	h, n := attempt.Size, a.size
	return a.grouped && attempt.Base == a.base && h.Nodes >= n.Nodes && h.GPUs >= n.GPUs && h.CPUs >= n.CPUs && h.Memory >= n.Memory
}
