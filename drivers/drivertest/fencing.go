package drivertest

import (
	"errors"

	"assay/drivers"

	"github.com/google/go-cmp/cmp"
)

// fence demands that a running job is left alone, and that an ended one can be fenced again and again.
func (b *bench) fence() {
	f, ok := b.s.(drivers.Fencer)
	if !ok {
		b.Skip("this scheduler cannot end what a job left behind")
	}
	forever, seven := b.submit(b.spec("forever", RunForever)), b.submit(b.spec("seven", ExitSeven))
	b.reach("forever", drivers.JobRunning)
	ended := b.reach("seven", drivers.JobFailed)
	if err := f.Fence(b.Context(), forever, "forever"); !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("fencing a running job gave %v", err)
	}
	for range 2 {
		for id, nonce := range map[drivers.JobID]string{forever: "other", seven: "seven", unknown: "none", "": "none"} {
			if err := f.Fence(b.Context(), id, nonce); err != nil {
				b.Errorf("fencing job %s of nonce %s: %v", id, nonce, err)
			}
		}
	}
	now := b.listing(b.store)
	if now["forever"].State != drivers.JobRunning {
		b.Errorf("a job that was running is %s after fencing", now["forever"].State)
	}
	if d := cmp.Diff(ended, now["seven"]); d != "" {
		b.Errorf("fencing changed an ended job: %s", d)
	}
}
