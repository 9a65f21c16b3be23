package drivertest

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"assay/drivers"
)

func (b *bench) lists() {
	if jobs := b.listing(b.store); len(jobs) != 0 {
		b.Fatalf("a new store has %d jobs", len(jobs))
	}
	spec := b.spec("n1", RunForever)
	id := b.submit(spec)
	j := b.reach("n1", drivers.JobRunning)
	if j.ID != id || j.Tag != spec.Tag || j.Name != spec.Name {
		b.Errorf("listed is %s %q %+v, submitted was %s %q %+v", j.ID, j.Name, j.Tag, id, spec.Name, spec.Tag)
	}
	if len(j.Nodes) != 1 || j.Started.IsZero() {
		b.Errorf("it runs on %q since %s", j.Nodes, j.Started)
	}
}

func (b *bench) owners() {
	b.submit(b.spec("mine", RunForever))
	other := b.store + "x"
	spec := b.h.Spec(b.T, other, "theirs", RunForever)
	b.sweep(other)
	b.submit(spec)
	b.until("both to be listed", func() bool { return len(b.listing(b.store)) > 0 && len(b.listing(other)) > 0 })
	if got := b.listing(b.store); len(got) != 1 || got["mine"].ID == "" {
		b.Errorf("the store sees %v", got)
	}
	if got := b.listing(other); len(got) != 1 || got["theirs"].ID == "" {
		b.Errorf("the other store sees %v", got)
	}
}

func (b *bench) impossible() {
	if b.h.Impossible == nil {
		b.Skip("nothing is known to be impossible")
	}
	if id, err := b.s.Submit(b.Context(), b.h.Impossible(b.spec("no", RunForever))); id != "" || !errors.Is(err, drivers.ErrRejected) {
		b.Errorf("it gave job %q, %v", id, err)
	}
	b.submit(b.spec("yes", RunForever))
	b.reach("yes", drivers.JobRunning)
	if j, ok := b.listing(b.store)["no"]; ok && !j.State.Terminal() {
		b.Errorf("what was refused is listed as %s", j.State)
	}
}

func (b *bench) concurrent() {
	const n = 8
	var specs []drivers.JobSpec
	for i := range n {
		specs = append(specs, b.spec(fmt.Sprintf("n%d", i), RunForever))
	}
	var wg sync.WaitGroup
	ids, errs := make([]drivers.JobID, n), make([]error, n)
	for i, spec := range specs {
		wg.Go(func() { ids[i], errs[i] = b.s.Submit(b.Context(), spec) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		b.Fatal(err)
	}
	b.until("all to be listed", func() bool { return len(b.listing(b.store)) == n })
	for i, j := range b.listing(b.store) {
		at := slices.Index(ids, j.ID)
		if at < 0 || specs[at].Tag.Nonce != i {
			b.Errorf("nonce %s is job %s, acknowledged were %v", i, j.ID, ids)
		}
	}
}
