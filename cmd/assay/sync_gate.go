package main

import (
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"assay/api/v1alpha1"
)

// gateRequest are the flags of sync that measure a pull request.
type gateRequest struct {
	on              bool
	base            string
	markdown, junit string
	allow           percentFlag
	again           bool // measure the base, too
	timeout         time.Duration
}

func (g *gateRequest) flags(f *pflag.FlagSet) {
	g.allow = 5
	f.BoolVar(&g.on, "gate", false, "measure --ref as a pull request and decide: exit 0 GO, 1 NO-GO, 2 inconclusive")
	f.StringVar(&g.base, "base", "main", "with --gate: the branch that the pull request is compared with")
	f.StringVar(&g.markdown, "markdown", "", "with --gate: write the verdict as Markdown to this file")
	f.StringVar(&g.junit, "junit", "", "with --gate: write the verdict as JUnit to this file")
	f.Var(&g.allow, "allow", "with --gate: how much worse a metric may be")
	f.BoolVar(&g.again, "measure-base", false, "with --gate: measure the base in turn with the pull request, also where it has results")
	f.DurationVar(&g.timeout, "timeout", 0, "with --gate: decide by what there is after this time (0: never)")
}

// percentFlag is a share, as 5%.
type percentFlag v1alpha1.Percent

func (p *percentFlag) String() string { return v1alpha1.Percent(*p).String() }

func (*percentFlag) Type() string { return "share" }

func (p *percentFlag) Set(text string) error {
	return (*v1alpha1.Percent)(p).UnmarshalJSON(fmt.Appendf(nil, "%q", text))
}
