//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"assay/drivers/suite/selftest/truth"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "selftest:", err)
		os.Exit(1)
	}
}

// run is the parent, or one of the processes that it starts: truth TTFT ITL TOKENS EACH, relay SERVER, client ENGINE SCENARIO
// URL DIR.
func run(ctx context.Context, args []string) error {
	if len(args) == 5 && args[0] == "truth" {
		p, err := parsePace(args[1:])
		if err != nil {
			return err
		}
		t, err := truth.Listen(p)
		if err != nil {
			return err
		}
		fmt.Println(t.Address)
		return t.Serve(ctx)
	}
	if len(args) == 5 && args[0] == "client" {
		return client(ctx, args[1], args[2], args[3], args[4])
	}
	if len(args) == 2 && args[0] == "relay" {
		return serveRelay(ctx, args[1])
	}
	flags := flag.NewFlagSet("selftest", flag.ContinueOnError)
	only := flags.String("only", "", "measure the scenarios whose name holds this alone")
	rounds := flags.Int("rounds", 5, "how often each is measured")
	vllm := flags.String("vllm", "", "directory of a Python environment with vLLM and a tiny model, to measure its client too")
	gateway := flags.String("gateway", "", "an assay, to measure what its gateway adds too")
	peers := flags.String("peers", "", "directory of other clients, as make bench-peers makes it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return errors.New("it takes no arguments")
	}
	if err := compare(ctx, *rounds, *vllm, *peers, *only); err != nil || *gateway == "" || !strings.Contains(behind.name, *only) {
		return err
	}
	return compareGateway(ctx, *rounds, *gateway)
}

func parsePace(args []string) (p truth.Pace, err error) {
	if p.TTFT, err = time.ParseDuration(args[0]); err != nil {
		return p, err
	}
	if p.ITL, err = time.ParseDuration(args[1]); err != nil {
		return p, err
	}
	_, err = fmt.Sscan(args[2]+" "+args[3], &p.Tokens, &p.Each)
	return p, err
}
