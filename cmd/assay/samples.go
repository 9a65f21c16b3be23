package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
	"assay/drivers/suite/serving"
	"assay/reconciler/view"
)

// samples prints a run's requests, one CSV row each.
func (a *app) samples(items []view.Object) error {
	if len(items) > 1 {
		return fmt.Errorf("%d runs have that name; write EXPERIMENT/NAME", len(items))
	}
	r := items[0].Status.(v1alpha1.RunStatus)
	if r.Phase == v1alpha1.RunFailed || r.Phase == v1alpha1.RunLost { // its whole job can have been killed
		if err := serving.Salvage(r.Dir, redactor); err != nil && !errors.Is(err, fs.ErrNotExist) {
			a.note("%v", err)
		}
	}
	f, err := safefile.OpenIn(r.Dir, serving.CSVFile)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("run %s has no samples: it is %s, and only serving benchmarks keep them", r.ID, r.Phase)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(a.out, f)
	return err
}
