//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"

	"assay/drivers"
	"assay/drivers/suite/serving"
)

// client runs one scenario with one engine, leaves its samples in dir, and prints the CPU seconds that it took.
func client(ctx context.Context, engine, name, url, dir string) error {
	all := append(slices.Clone(scenarios), behind)
	i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return fmt.Errorf("unknown scenario %q", name)
	}
	s := all[i]
	if engine == "plain" {
		cpu, err := plain(ctx, s, url, dir)
		fmt.Println(cpu)
		return err
	}
	res, err := serving.Suite{}.Run(ctx, drivers.SuiteRequest{Run: "r", Benchmark: "selftest", Target: "truth", Endpoints: []string{url}, Model: model,
		Serving: s.spec(), Seed: 1}, dir, func(string) {})
	if err != nil {
		return err
	}
	fmt.Println(res.Metrics["client_cpu_s_per_1000_requests"] * float64(s.prompts) / 1000)
	return nil
}
