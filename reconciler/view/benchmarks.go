package view

import (
	"fmt"

	"assay/api/v1alpha1"
	"assay/reconciler/store"
	"assay/reconciler/view/text"
)

func benchmarkSpec(head store.Revision, name string) any {
	for _, b := range head.Spec.Spec.Benchmarks {
		if b.Name == name {
			return b
		}
	}
	return nil
}

func benchmarkRow(o Object) []string {
	b := o.Status.(v1alpha1.BenchmarkStatus)
	complete := v1alpha1.Find(b.Conditions, v1alpha1.Complete)
	return []string{o.Metadata.Experiment, b.Name, text.Dash(b.Target), complete.Status, text.Dash(complete.Reason), fmt.Sprintf("%d/%d", b.Done, b.Runs)}
}
