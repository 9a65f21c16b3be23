package serving

import (
	"errors"
	"fmt"
	"sync"

	"assay/drivers/suite"
)

// writeFiles writes vLLM's result and the samples at a time: each waits for the disk.
func (r *runner) writeFiles(dir, name string, result map[string]any, records []record) error {
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := writeVLLM(dir, name, result, records, vllmLists(r.data)); err != nil {
			errs[0] = fmt.Errorf("writing vLLM's result file: %w", err)
		}
	})
	wg.Go(func() { errs[1] = r.writeSamples(dir, records) })
	wg.Wait()
	return errors.Join(errs[:]...)
}

// writeSamples writes the two files of samples, at a time.
func (r *runner) writeSamples(dir string, records []record) error {
	from, to := windowOf(records)
	var errs [2]error
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := writeSamples(dir, records, *suite.Between(r.before, r.after, from, to)); err != nil {
			errs[0] = fmt.Errorf("writing the samples: %w", err)
		}
	})
	wg.Go(func() {
		if err := writeCSV(dir, records, r.client.id); err != nil {
			errs[1] = fmt.Errorf("writing %s: %w", CSVFile, err)
		}
	})
	wg.Wait()
	return errors.Join(errs[:]...)
}
