package accept

import (
	"slices"

	"assay/api/v1alpha1"
)

// Removes names the services and benchmarks that accepting docs would take from the experiments of this source, and the
// experiments that the source holds no longer. Those that were gone before are not named again unless they are pruned now.
func (b Batch) Removes(docs []v1alpha1.ExperimentDoc) ([]string, error) {
	var out []string
	for _, doc := range docs {
		head, ok, err := b.Store.Readable(doc.Metadata.Name)
		if err != nil {
			return nil, err
		}
		if !ok || head.Deleting || !b.Owns(head) && !b.sameFile(head) {
			continue
		}
		for _, name := range serviceNames(head.Spec) {
			if !slices.Contains(serviceNames(doc.Experiment), name) {
				out = append(out, "service "+doc.Metadata.Name+"/"+name)
			}
		}
		for _, old := range head.Spec.Spec.Benchmarks {
			if !slices.ContainsFunc(doc.Spec.Benchmarks, func(now v1alpha1.Benchmark) bool { return now.Name == old.Name }) {
				out = append(out, "benchmark "+doc.Metadata.Name+"/"+old.Name)
			}
		}
	}
	gone, err := b.Gone(docs)
	if err != nil {
		return nil, err
	}
	before, err := b.Store.Source(Owner(b.Origin))
	if err != nil {
		return nil, err
	}
	for _, head := range gone {
		if b.Prune || slices.Contains(before.Experiments, head.Experiment) {
			out = append(out, "experiment "+head.Experiment)
		}
	}
	return out, nil
}
