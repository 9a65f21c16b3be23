package plan

import (
	"fmt"
	"slices"
	"strings"

	"assay/drivers"
)

// An attempt whose record is damaged occupies its seat like every open one, until the scheduler shows what it is. While its
// job lives, the record is rebuilt from the job's mark and the revision that the mark names (Rebuild). Until it is, nothing
// of its experiment is submitted, and its job is left as it is unless it is no longer wanted.

// unknown reports whether an attempt's record is damaged and was not rebuilt.
func (a *Attempt) unknown() bool { return a.Damaged != "" && a.Alloc == "" && a.Run == "" }

// indexDamage finds the unknown attempts that keep an experiment from submitting anything. With a job that lives, only a person
// can help. They come last in their seat: each may be of an attempt that has ended.
func (w *world) indexDamage(x *experiment) {
	for _, id := range x.openSeats {
		open := w.open[id]
		if !slices.ContainsFunc(open, (*Attempt).unknown) {
			continue
		}
		slices.SortStableFunc(open, func(a, b *Attempt) int {
			switch {
			case a.unknown() == b.unknown():
				return 0
			case a.unknown():
				return 1
			}
			return -1
		})
		last := open[len(open)-1]
		x.held = cause{DamagedRecord, last.Damaged}
		if j := w.job(last.Nonce); j != nil && !j.State.Terminal() {
			x.lost = cause{DamagedRecord, fmt.Sprintf("what job %s was submitted as cannot be told, so it is left as it is: %s", j.ID, last.Damaged)}
		}
	}
}

// Rebuild is the record of a submission for a's seat, as revision e of the experiment declares it. It is false when that
// cannot be told: e has no such seat, or one that differs from point to point of a sweep. For a job of a run the run has to
// be known already.
func Rebuild(e Experiment, a Attempt) (Attempt, bool) {
	a.Experiment, a.Revision = e.Name, e.Revision
	if strings.HasPrefix(a.Seat.Group, runGroup) {
		return a, a.Run != ""
	}
	var found *allocation
	for _, services := range append(pointServices(e), e.Services) {
		all := make([]*service, len(services))
		for i, s := range services {
			all[i] = &service{Service: s}
		}
		_, byName := allocate(all)
		alloc := byName[a.Seat.Group]
		if alloc == nil {
			continue
		}
		if found != nil && (found.alloc != alloc.alloc || found.base != alloc.base) {
			return a, false
		}
		found = alloc
	}
	if found == nil {
		return a, false
	}
	found.record(&a)
	return a, true
}

func pointServices(e Experiment) (out [][]Service) {
	for _, p := range e.Points {
		out = append(out, p.Services)
	}
	return out
}

// record notes in an attempt what is submitted.
func (alloc *allocation) record(a *Attempt) {
	limit := drivers.SecondsOf(alloc.job.Time)
	a.Alloc, a.Settings, a.Spec, a.Time, a.Limit, a.Holds = alloc.alloc, alloc.settings, alloc.spec, limit, limit, alloc.holds
	if alloc.grouped {
		a.Base, a.Size, a.Members = alloc.base, alloc.size, alloc.names()
	}
}
