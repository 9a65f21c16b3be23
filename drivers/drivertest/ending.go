package drivertest

import (
	"errors"

	"assay/drivers"
)

func (b *bench) cancel() {
	id := b.submit(b.spec("n1", RunForever))
	b.reach("n1", drivers.JobRunning)
	for range 2 {
		if err := b.s.Cancel(b.Context(), id, "n1"); err != nil {
			b.Fatalf("cancelling: %v", err)
		}
	}
	b.reach("n1", drivers.JobCancelled)
	if err := b.s.Cancel(b.Context(), id, "n1"); err != nil {
		b.Errorf("cancelling an ended job: %v", err)
	}
	if err := b.s.Cancel(b.Context(), unknown, "n1"); err != nil {
		b.Errorf("cancelling an unknown job: %v", err)
	}
}

func (b *bench) wrongNonce() {
	id := b.submit(b.spec("n1", RunForever))
	b.reach("n1", drivers.JobRunning)
	for _, nonce := range []string{"n2", ""} {
		if err := b.s.Cancel(b.Context(), id, nonce); err != nil {
			b.Errorf("cancelling with nonce %q: %v", nonce, err)
		}
	}
	// A job that is cancelled after all is gone by the time that a later one has ended.
	b.submit(b.spec("later", ExitZero))
	b.reach("later", drivers.JobCompleted)
	if j := b.listing(b.store)["n1"]; j.State != drivers.JobRunning {
		b.Errorf("a cancel with another nonce left it %s", j.State)
	}
}

func (b *bench) ends() {
	for nonce, how := range map[string]Behaviour{"zero": ExitZero, "seven": ExitSeven, "signal": DieBySignal, "forever": RunForever} {
		b.submit(b.spec(nonce, how))
	}
	j := b.reach("forever", drivers.JobRunning)
	if err := b.s.Cancel(b.Context(), j.ID, "forever"); err != nil {
		b.Fatal(err)
	}
	b.reach("zero", drivers.JobCompleted)
	b.reach("seven", drivers.JobFailed)
	b.reach("signal", drivers.JobFailed)
	b.reach("forever", drivers.JobCancelled)
}

func (b *bench) accounting() {
	a, ok := b.s.(drivers.Accountant)
	if !ok {
		b.Skip("this scheduler does no accounting")
	}
	seven, signal := b.submit(b.spec("seven", ExitSeven)), b.submit(b.spec("signal", DieBySignal))
	b.reach("seven", drivers.JobFailed)
	b.reach("signal", drivers.JobFailed)
	if j, err := a.Ended(b.Context(), seven, "seven"); err != nil || j.State != drivers.JobFailed || j.Exit != 7 || j.Signal != 0 {
		b.Errorf("the end of exit code 7: got %+v, %v", j, err)
	}
	if j, err := a.Ended(b.Context(), signal, "signal"); err != nil || j.State != drivers.JobFailed || j.Exit != 0 || j.Signal != 9 {
		b.Errorf("the end of signal 9: got %+v, %v", j, err)
	}
	if j, err := a.Ended(b.Context(), seven, "other"); !errors.Is(err, drivers.ErrNotFound) {
		b.Errorf("the end of another nonce: got %+v, %v", j, err)
	}
	if j, err := a.Ended(b.Context(), unknown, "seven"); !errors.Is(err, drivers.ErrNotFound) {
		b.Errorf("the end of an unknown job: got %+v, %v", j, err)
	}
}
