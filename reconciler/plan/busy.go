package plan

import "assay/drivers"

// busy reports whether an effect is under way at a seat: what was observed of it can be out of date by now, and the next
// effect has to wait for this one. Such a seat stays as it is in this pass, and counts as occupied.
func (w *world) busy(id drivers.Seat) bool { return w.o.Busy[id] || w.fencing[id] }

// occupyBusy counts the busy seats that have no attempt yet: one can be on its way.
func (w *world) occupyBusy() {
	for id := range w.o.Busy {
		if x := w.byName[id.Experiment]; x != nil && len(w.open[id]) == 0 {
			x.occupied++
		}
	}
}

// fence holds a seat until what its lost job left behind has ended: the attempt is closed then, and not before.
func (w *world) fence(a *Attempt) {
	if w.fencing == nil {
		w.fencing = map[drivers.Seat]bool{}
	}
	w.fencing[a.Seat] = true
}
