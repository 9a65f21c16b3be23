package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"assay/reconciler"
	"assay/reconciler/store"
)

// keyOptions are the arguments of `assay key`.
type keyOptions struct{ name string }

func keyCmd(_ *app, run func(context.Context, keyOptions) error) *cobra.Command {
	var o keyOptions
	return &cobra.Command{
		Use: "key SERVICE", Short: "Print the key that a service asks of its clients",
		Long: `key prints the key of a vLLM or Chroma server, for a client that sends it as "Authorization: Bearer KEY":

  curl -H "Authorization: Bearer $(assay key llm)" URL/v1/models

A name may be preceded by its experiment: EXPERIMENT/SERVICE.`,
		Args: args(cobra.ExactArgs(1)), RunE: verb(&o, run, first(&o.name)),
	}
}

func (a *app) runKey(_ context.Context, o keyOptions) error {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	heads, err := st.Heads()
	if _, err = store.Tolerate(err); err != nil {
		return err
	}
	key, err := reconciler.Key(heads, compileService, o.name)
	if err != nil {
		return err
	}
	fmt.Fprintln(a.out, key)
	return nil
}
