package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"assay/api/v1alpha1"
)

// object is one item of `assay get -o json`.
type object[S any] struct {
	Metadata struct{ Name, Experiment string }
	Status   S
}

func get[S any](ctx context.Context, w *world, what string) ([]object[S], error) {
	out, err := w.assay(ctx, 20*time.Second, "get", what, "-o", "json")
	if err != nil {
		return nil, err
	}
	var list struct{ Items []object[S] }
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("reading assay get %s: %w", what, err)
	}
	return list.Items, nil
}

// experiments is what assay says of all, by name.
func (w *world) experiments(ctx context.Context) (map[string]v1alpha1.ExperimentStatus, error) {
	items, err := get[v1alpha1.ExperimentStatus](ctx, w, "experiments")
	out := map[string]v1alpha1.ExperimentStatus{}
	for _, i := range items {
		out[i.Metadata.Name] = i.Status
	}
	return out, err
}

// applyAgain types the manifest of this round again.
func (w *world) applyAgain() error { return w.apply(context.Background(), w.round) }
