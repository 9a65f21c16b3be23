package accept

import (
	"fmt"

	"assay/api/v1alpha1"
)

// Pair is an experiment of a pull request, of its base, or of both.
type Pair struct {
	Name       string
	Head, Base *v1alpha1.ExperimentDoc // nil: that side does not hold it
	BaseHash   string                  // of the revision that the base's is, or would be
	Unchanged  bool                    // both sides declare the same
}

// Pairs lays the experiments of a pull request beside those of its base: in its order, then those that it removes.
func (b Batch) Pairs(head, base []v1alpha1.ExperimentDoc) (out []Pair, err error) {
	at := map[string]int{}
	for i := range head {
		at[head[i].Metadata.Name] = len(out)
		out = append(out, Pair{Name: head[i].Metadata.Name, Head: &head[i]})
	}
	for i := range base {
		name := base[i].Metadata.Name
		k, both := at[name]
		if !both {
			out = append(out, Pair{Name: name, Base: &base[i]})
			continue
		}
		p := &out[k]
		p.Base = &base[i]
		if p.BaseHash, err = b.Hash(base[i]); err != nil {
			return nil, fmt.Errorf("reading experiment %s of the base: %w", name, err)
		}
		now, err := b.Hash(head[k])
		if err != nil {
			return nil, fmt.Errorf("reading experiment %s of the pull request: %w", name, err)
		}
		p.Unchanged = now == p.BaseHash
	}
	return out, nil
}
