package serving

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/suite"
)

// PartialFile is what a run leaves that was stopped: a drivers.SuiteResult of the requests that had ended, never valid. It is
// not a result: the run is done again, or has failed.
const PartialFile = "partial.json"

// partial leaves the samples and the partial result of a run that ctx has stopped. The samples come first: little time is
// given to a run that is stopped.
func (r *runner) partial(ctx context.Context, dir string, b *book) error {
	if ctx.Err() == nil || b.len() == 0 {
		return nil
	}
	if b.len() < r.spec.Prompts {
		r.progress(fmt.Sprintf("stopped after %d of %d requests: writing what there is", b.len(), r.spec.Prompts))
	}
	return r.leave(ctx, dir, "the run was stopped after %d of its requests had ended; give it more time and run it again")
}

// leave writes the two files of samples and the partial result, with what became of the run.
func (r *runner) leave(ctx context.Context, dir, became string) error {
	d := r.digest
	d.stopped = true
	if err := d.finish(); err != nil || d.len() == 0 {
		return err
	}
	if err := d.writeSamples(); err != nil {
		return err
	}
	r.spec.Stages = nil // the last ones are cut
	_, res, err := r.result(ctx)
	if err != nil {
		return fmt.Errorf("summing up what there is of the run: %w", err)
	}
	res.Run, res.Valid, res.Ended = r.req.Run, false, time.Now()
	res.Reasons = slices.Insert(res.Reasons, 0, suite.NewReason(suite.ReasonPartial, became, d.len()))
	for i := range res.Reasons {
		res.Reasons[i].Message = r.safe.Message(res.Reasons[i].Message)
	}
	for name, version := range res.Versions {
		res.Versions[name] = r.safe.Message(version)
	}
	res.Files = []string{samplesFile, CSVFile}
	return durable.Writer{}.ReplaceRecord(filepath.Join(dir, PartialFile), drivers.SuiteResult(res), nil)
}
