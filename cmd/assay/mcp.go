package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/spf13/cobra"

	"assay/reconciler/mcpserver"
	"assay/reconciler/view/text"
)

// mcpOptions are the flags of `assay mcp`.
type mcpOptions struct{ act bool }

func mcpCmd(_ *app, run func(context.Context, mcpOptions) error) *cobra.Command {
	var o mcpOptions
	c := &cobra.Command{
		Use:   "mcp",
		Short: "Serve programs that speak the Model Context Protocol, on standard input and output",
		Long: `mcp lets an assistant read what assay knows: get, describe, events, logs, history, compare, gate, report, validate and plan
are tools, and objects are resources. It is configured as: {"command": "assay", "args": ["mcp"]}. Nothing is changed unless
--allow-apply is given; then apply shows its plan first, and applies on a second call with the code of that plan.`,
		Args: args(cobra.NoArgs),
		RunE: verb(&o, run),
	}
	c.Flags().BoolVar(&o.act, "allow-apply", false, "offer apply, too")
	return c
}

func (a *app) runMCP(ctx context.Context, o mcpOptions) error {
	var global []string
	for flag, value := range map[string]string{"site": a.siteName, "state": a.stateDir, "context": a.context} {
		if value != "" {
			global = append(global, "--"+flag+"="+value)
		}
	}
	run := func(ctx context.Context, args []string, stdin string) mcpserver.Outcome {
		var out, errs bytes.Buffer
		code := runApp(ctx, &app{in: strings.NewReader(stdin), out: &out, err: &errs}, append(global[:len(global):len(global)], args...))
		return mcpserver.Outcome{Out: out.String(), Err: errs.String(), Code: code}
	}
	server := mcpserver.New(mcpserver.Options{Run: run, Act: o.act, Version: versionString()})
	err := server.Run(ctx, &mcp.IOTransport{Reader: io.NopCloser(a.in), Writer: closing{text.Raw(a.out)}})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving the Model Context Protocol: %w", err)
	}
	return ctx.Err()
}

// closing is a stream that its user leaves open.
type closing struct{ io.Writer }

func (closing) Close() error { return nil }
