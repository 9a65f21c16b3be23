package report

import (
	"slices"

	"assay/reconciler/gate"
	"assay/reconciler/plain"
	"assay/reconciler/results"
)

// plainRows are rows in which nothing that a server, a node or a manifest named can deceive a reader of the page: they can be
// older than the cleaning of what is stored. What they are made of stays as it is.
func plainRows(rows []results.Row) []results.Row {
	out := slices.Clone(rows)
	for i := range out {
		r := &out[i]
		r.Commit, r.JobID, r.Point = plain.Line(r.Commit), plain.Line(r.JobID), plainMap(r.Point)
		r.Versions, r.Host = plainMap(r.Versions), plainMap(r.Host)
		r.Nodes, r.Reasons, r.Model = slices.Clone(r.Nodes), slices.Clone(r.Reasons), plain.Line(r.Model)
		plainHardware(r)
		for k, v := range r.Nodes {
			r.Nodes[k] = plain.Line(v)
		}
		for k, v := range r.Reasons {
			r.Reasons[k].Reason, r.Reasons[k].Message = plain.Line(v.Reason), plain.Line(v.Message)
		}
	}
	return out
}

// plainHardware cleans what nodes say of themselves; the row's nodes are its own.
func plainHardware(r *results.Row) {
	r.Hardware = slices.Clone(r.Hardware)
	for i := range r.Hardware {
		n := &r.Hardware[i]
		n.Name, n.Kernel, n.CPU, n.Absent, n.GPUs = plain.Line(n.Name), plain.Line(n.Kernel), plain.Line(n.CPU), plainMap(n.Absent), slices.Clone(n.GPUs)
		for k := range n.GPUs {
			g := &n.GPUs[k]
			g.Index, g.UUID, g.Model, g.Driver = plain.Line(g.Index), plain.Line(g.UUID), plain.Line(g.Model), plain.Line(g.Driver)
		}
	}
}

func plainGates(all []gate.Verdict) []gate.Verdict {
	out := slices.Clone(all)
	for i := range out {
		out[i].Gate, out[i].Reason, out[i].Point = plain.Line(out[i].Gate), plain.Line(out[i].Reason), plainMap(out[i].Point)
	}
	return out
}

func plainMap(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[plain.Line(k)] = plain.Line(v)
	}
	return out
}
