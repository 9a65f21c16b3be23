package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/site"
	"assay/drivers/slurm"
	"assay/reconciler/store"
)

// caution is what a verb does about a state directory that belongs to another place (site, cluster, user), or is a copy.
type caution int

const (
	refuse  caution = iota // it acts: it refuses another place, and records this one the first time
	look                   // it acts on nothing, but its answer would be about another world: it refuses, and records nothing
	warn                   // it shows what is on record, wherever that came from: it says so and goes on
	handsOn                // it is there to solve the contradiction
)

// cautions are those of the verbs that do not act, by the whole path of a verb: `controller stop` has no say about another stop.
var cautions = map[string]caution{
	"plan": look, "wait": look, "rollout status": look, "rollout history": warn,
	"get": warn, "events": warn, "describe": warn, "logs": warn, "history": warn, "diff": warn, "tunnel": warn, "key": warn,
	"compare": warn, "bisect": warn, "gate": warn, "report": warn, "web": warn, "controller print": warn, "controller stop": warn,
	"adopt": handsOn,
}

func cautionOf(c *cobra.Command) caution {
	if f := c.Flags().Lookup("dry-run"); f != nil && f.Value.String() == "true" {
		return look
	}
	return cautions[verbPath(c)]
}

// verbPath is how a verb is typed after assay: "controller stop".
func verbPath(c *cobra.Command) string {
	_, path, _ := strings.Cut(c.CommandPath(), " ")
	return path
}

// placeTimeout bounds the question which cluster this is. The loop asks again before it believes a listing.
const placeTimeout = 5 * time.Second

// place is where this process uses a site; drivers.ErrUnavailable when its cluster cannot be asked for its name.
func place(ctx context.Context, s v1alpha1.Site) (here drivers.Place, err error) {
	here = site.Place(s)
	if s.Spec.Scheduler == v1alpha1.Slurm {
		here.Cluster, err = slurm.New().ClusterName(ctx)
	}
	return here, err
}

// checkPlace compares the place that a store belongs to with this one, before the verb has any effect.
func (a *app) checkPlace(st *store.Store, s v1alpha1.Site) error {
	switch a.caution {
	case handsOn:
		return nil
	case warn: // asks no scheduler
		err := st.Verify(site.Place(s))
		if wrong, ok := errors.AsType[*store.PlaceError](err); ok {
			a.warnOnce(wrong.Error())
			return nil
		}
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), placeTimeout)
	defer cancel()
	here, err := place(ctx, s)
	if err != nil && !errors.Is(err, drivers.ErrUnavailable) {
		return err
	}
	if a.caution == look {
		return st.Verify(here)
	}
	return st.Claim(here)
}
