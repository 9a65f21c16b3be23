package reconciler

import (
	"assay/reconciler/plan"
	"assay/reconciler/store"
)

// Configurations are what a revision measures.
func Configurations(rev store.Revision, c Compiler) ([]plan.Configuration, error) {
	e, err := compile(rev, c)
	if err != nil {
		return nil, err
	}
	return e.Configurations(), nil
}
