package mcpserver

import (
	"context"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// Options are what a server needs.
type Options struct {
	Run     Run
	Act     bool   // apply is among the tools
	Version string // of assay
}

type server struct {
	run  Run
	code func(manifest, plan string) string
}

const instructions = `assay makes an AI factory on a Slurm cluster match YAML manifests: services (vLLM, Chroma, ...) and benchmarks.
Begin with get (kind all), then describe what is not Ready. Names are NAME or EXPERIMENT/NAME.`

// New makes a server. It is connected to a transport with its Run.
func New(o Options) *mcp.Server {
	s := &server{run: o.Run, code: newCode()}
	m := mcp.NewServer(&mcp.Implementation{Name: "assay", Version: o.Version}, &mcp.ServerOptions{Instructions: instructions})
	s.reading(m)
	s.resources(m)
	if o.Act {
		s.applying(m)
	}
	return m
}

// tool adds a tool that only looks.
func tool[In any](m *mcp.Server, name, about string, do func(context.Context, In) *mcp.CallToolResult) {
	closed := false
	t := &mcp.Tool{Name: name, Description: about, Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true, OpenWorldHint: &closed}}
	mcp.AddTool(m, t, func(ctx context.Context, _ *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
		return do(ctx, in), nil, nil
	})
}
