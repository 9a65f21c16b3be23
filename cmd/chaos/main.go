package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	seed          uint64
	faults, batch int
	limit         time.Duration // no batch begins after it; 0: none
	within        time.Duration // in which all has to be back after the last fault of a batch
	dir, assay    string
	kinds         []string
	without       []string
	list, keep    bool
}

func main() {
	o, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	}
	if o.list {
		list(os.Stdout)
		return
	}
	code := 1
	switch os.Getenv(stageVar) {
	case "":
		code, err = outside(o)
	case stageInit:
		code, err = first(o)
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code, err = inside(ctx, o)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
	}
	os.Exit(code)
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("chaos", flag.ContinueOnError)
	var kinds, without string
	minutes := 0.0
	f.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()%1e6), "seed of the schedule")
	f.IntVar(&o.faults, "faults", 500, "how many faults")
	f.IntVar(&o.batch, "batch", 20, "faults between two quiet phases")
	f.Float64Var(&minutes, "minutes", 0, "no batch begins after this time; 0: no limit")
	f.DurationVar(&o.within, "within", 3*time.Minute, "all has to be back this long after the last fault of a batch")
	f.StringVar(&o.dir, "dir", "", "folder for everything; default: a new one, which is removed when all was well")
	f.StringVar(&o.assay, "assay", "", "the assay binary; default: it is built")
	f.StringVar(&kinds, "kinds", "", "only these kinds, separated by commas")
	f.StringVar(&without, "without", "", "all kinds but these")
	f.BoolVar(&o.list, "list", false, "print the kinds and exit")
	f.BoolVar(&o.keep, "keep", false, "keep the folder also when all was well")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.limit = time.Duration(minutes * float64(time.Minute))
	o.kinds, o.without = words(kinds), words(without)
	for _, name := range slices.Concat(o.kinds, o.without) {
		if !slices.ContainsFunc(table, func(k kind) bool { return k.name == name }) {
			return o, fmt.Errorf("no kind %q; type: go run ./cmd/chaos -list", name)
		}
	}
	if o.batch < 1 || o.faults < 1 || f.NArg() > 0 {
		return o, fmt.Errorf("faults and batch are at least 1, and there are no arguments")
	}
	return o, nil
}

func words(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}
