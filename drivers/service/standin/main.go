// Command standin stands in for programs that are missing on the machines of tests and demonstrations: Ray, vLLM on several
// nodes, Grafana, the OpenTelemetry Collector. It acts as the program that it is called as (`ln -s standin ray`), as far as
// assay can observe: command lines, ports, numbers of nodes and GPUs, its end. Its log, its version and its answers say
// that it is a stand-in, and what is measured on it is marked as simulated.
//
//	ray             start --head | start --address=HOST:PORT | status --address=HOST:PORT
//	vllm            serve MODEL …: on a cluster at RAY_ADDRESS when told to, as a rank of --nnodes, else alone
//	grafana         server: reads its provisioning, asks for the administrator's password
//	otelcol         --config=FILE: takes OTLP over HTTP, keeps traces and logs in their files
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	name := filepath.Base(os.Args[0])
	role, ok := map[string]func([]string) error{"ray": ray, "vllm": vllm, "grafana": grafana, "otelcol": otelcol}[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "standin: called as %q; make a link to it called ray, vllm, grafana or otelcol\n", name)
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "This is a stand-in for %s: it has the same interface and does not do the work.\n", name)
	if err := role(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s (stand-in): %v\n", name, err)
		os.Exit(1)
	}
}

// flags reads --name=value and --name value; a bare --name is "true". The rest are words.
func flags(args []string) (values map[string]string, words []string) {
	values = map[string]string{}
	for i := 0; i < len(args); i++ {
		name, ok := strings.CutPrefix(args[i], "--")
		if !ok {
			words = append(words, args[i])
			continue
		}
		name, value, given := strings.Cut(name, "=")
		switch {
		case given:
			values[name] = value
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "--"):
			values[name] = args[i+1]
			i++
		default:
			values[name] = "true"
		}
	}
	return values, words
}
