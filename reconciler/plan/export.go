package plan

import "fmt"

// export stores an experiment's metrics once its jobs have ended, so that the numbers outlive Prometheus' retention.
func (w *world) export(x *experiment) {
	if x.released.set() && w.known && x.occupied == 0 && !w.exported(x) {
		w.do(Action{Verb: Export, Experiment: x.Name, Object: "experiment/" + x.Name, Reason: MetricsStored, Generation: x.Generation,
			Message: fmt.Sprintf("all its jobs have ended: %s", x.released.message)})
	}
}

func (w *world) exported(x *experiment) bool {
	return w.o.Exported[fmt.Sprintf("%s@%d", x.Name, x.Generation)]
}
