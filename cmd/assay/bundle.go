package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"assay/reconciler/sealed"
	"assay/reconciler/view/text"
)

// bundleCmd holds what can be done with sealed results, one thing a command.
func bundleCmd(a *app) *cobra.Command {
	c := &cobra.Command{
		Use:   "bundle",
		Short: "Seal results into one file, check it, and measure the same again elsewhere",
		Args:  args(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(bundleCreateCmd(a.runBundleCreate), bundleVerifyCmd(a.runBundleVerify), bundleReplayCmd(a.runBundleReplay))
	return c
}

// bundleCreateOptions are the arguments and flags of `assay bundle create`.
type bundleCreateOptions struct {
	ref  string // EXPERIMENT[@REVISION|@COMMIT]
	out  string // empty: EXPERIMENT-GENERATION.bundle
	sign string // key; empty: not signed
	data bool
}

func bundleCreateCmd(run func(context.Context, bundleCreateOptions) error) *cobra.Command {
	var o bundleCreateOptions
	c := &cobra.Command{
		Use:   "create EXPERIMENT[@REVISION|@COMMIT] [-o FILE]",
		Short: "Seal the results of a revision",
		Long: `create writes one file with the manifest and the site as they were used, every run that counts with its samples, what the numbers
depend on (binaries, engines, drivers, images, weights, data sets, the commit), the modules of assay, and the sum of each. It is a
plain tar. One altered byte shows. The same results give the same bytes, unless it is signed: then it says when.

--sign takes a private key, or the public half of one that your ssh-agent holds. Secrets are left out.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, func(pos []string) error { o.ref = bare(pos[0], "experiments"); return nil }),
	}
	c.Flags().StringVarP(&o.out, "output", "o", "", "file to write (default: EXPERIMENT-REVISION.bundle)")
	c.Flags().StringVar(&o.sign, "sign", "", "ssh key to sign with, such as ~/.ssh/id_ed25519.pub")
	c.Flags().BoolVar(&o.data, "data", false, "put the data sets in that the runs read")
	return c
}

func (a *app) runBundleCreate(ctx context.Context, o bundleCreateOptions) error {
	st, _, err := a.current()
	if err != nil {
		return err
	}
	if a.far != nil && o.sign != "" {
		return exitError{exitUsage, errors.New("a bundle is signed where it is made, and your key is here; type bundle create at the site, with ssh -A and the public half of your key")}
	}
	if a.far != nil && o.out == "" {
		return exitError{exitUsage, errors.New("into which file of this machine? Add -o FILE")}
	}
	program, err := sealed.Running(versionString())
	if err != nil {
		return err
	}
	c, err := sealed.Collect(st, resultsOf(st), o.ref, program)
	if err != nil {
		return err
	}
	if c.Data = o.data; o.sign != "" {
		c.Signed = time.Now()
	}
	if o.out == "" {
		o.out = fmt.Sprintf("%s-%d.bundle", c.Revision.Experiment, c.Revision.Generation)
	}
	var made sealed.Made
	write := func(path string) (err error) {
		made, err = sealed.Create(ctx, path, c, o.sign, a.progress())
		return err
	}
	if a.far != nil {
		err = a.far.SaveMade(o.out, write)
	} else {
		err = write(o.out)
	}
	if err != nil {
		return err
	}
	a.note("%s: %d run(s), %d valid, %s. Check it: assay bundle verify %s", o.out, made.Runs, made.Valid, text.Bytes(made.Bytes), o.out)
	if o.sign == "" {
		a.note("It is not signed: who changes it can compute its sums anew. To say who made it: --sign ~/.ssh/id_ed25519.pub")
	}
	for _, name := range made.Hidden {
		a.note("The manifest has a value that looks secret and was left out: %s. Without it nobody can replay the bundle.", name)
	}
	for _, d := range made.Data {
		if !d.Included {
			a.note("The data set %s is named by its hash and does not travel along: --data", d.Path)
		}
	}
	return nil
}

// bundleVerifyOptions are the arguments and flags of `assay bundle verify`.
type bundleVerifyOptions struct {
	file   string
	who    sealed.Who
	format string
}

func bundleVerifyCmd(run func(context.Context, bundleVerifyOptions) error) *cobra.Command {
	var o bundleVerifyOptions
	c := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check every byte of a bundle, and who signed it",
		Long: `verify reads a bundle once and checks all of it: sums, names, order, padding, signature. Nothing is unpacked.

With --allowed-signers, a file as ssh-keygen(1) has it, only a signature by one of them counts: lines such as
  me@example.org namespaces="assay-bundle" ssh-ed25519 AAAA…
Exit codes: 0 it is as it was made, 1 it is not, or not signed by whom you ask for.`,
		Args: args(cobra.ExactArgs(1)),
		RunE: verb(&o, run, first(&o.file), func([]string) error { return errors.Join(oneOf(o.format, "", "json", "yaml"), signerOf(o.who)) }),
	}
	whoFlags(c, &o.who)
	c.Flags().StringVarP(&o.format, "output", "o", "", "json or yaml")
	return c
}

func whoFlags(c *cobra.Command, who *sealed.Who) {
	c.Flags().StringVar(&who.AllowedSigners, "allowed-signers", "", "file of those whose signature counts")
	c.Flags().StringVar(&who.Signer, "signer", "", "who of them has to have signed it")
}

func signerOf(who sealed.Who) error {
	if who.Signer != "" && who.AllowedSigners == "" {
		return errors.New("--signer names one of --allowed-signers; give that file, too")
	}
	return nil
}

func (a *app) runBundleVerify(ctx context.Context, o bundleVerifyOptions) error {
	b, err := sealed.Open(ctx, o.file, o.who)
	if err != nil {
		return err
	}
	defer b.Close()
	if o.format != "" {
		return a.print(o.format, b.Summary())
	}
	fmt.Fprintf(a.out, "%s is as it was made\n", o.file)
	a.table([]string{"WHAT", "IS"}, b.Facts())
	return nil
}

// progress shows how many of a number of files are done, once it knows how many there are.
func (a *app) progress() func(done, total int, name string) {
	var progress *text.Progress
	return func(done, total int, name string) {
		if progress == nil {
			progress = text.NewProgress(a.err, total)
		}
		progress.Show(done, name)
	}
}
