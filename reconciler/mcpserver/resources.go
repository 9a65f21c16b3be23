package mcpserver

import (
	"context"
	"net/url"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	scheme = "assay://"
	asJSON = "application/json"
)

// resources are the objects by address. Lists are resources of their own; one object is found by the template of its kind.
func (s *server) resources(m *mcp.Server) {
	for _, kind := range []string{"experiments", "services", "jobs", "benchmarks", "runs", "nodes", "sites", "revisions"} {
		m.AddResource(&mcp.Resource{Name: kind, URI: scheme + kind, MIMEType: asJSON, Description: "what get " + kind + " lists"}, s.read)
	}
	m.AddResource(&mcp.Resource{Name: "schema", URI: scheme + "schema", MIMEType: "application/schema+json", Description: "the JSON Schema of manifests"}, s.read)
	for kind, path := range map[string]string{"experiments": "{experiment}", "services": "{experiment}/{service}", "runs": "{experiment}/{run}"} {
		m.AddResourceTemplate(&mcp.ResourceTemplate{Name: kind, URITemplate: scheme + kind + "/" + path, MIMEType: asJSON, Description: "one of what get " + kind + " lists"}, s.read)
	}
	m.AddResourceTemplate(&mcp.ResourceTemplate{Name: "report", URITemplate: scheme + "reports/{experiment}", MIMEType: "text/markdown", Description: "an experiment's results"}, s.read)
}

func (s *server) read(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	uri := req.Params.URI
	kind, name, one := strings.Cut(strings.TrimPrefix(uri, scheme), "/")
	name, err := url.PathUnescape(name)
	if err != nil || one && name == "" {
		return nil, mcp.ResourceNotFoundError(uri)
	}
	args := []string{"get", "-o", "json", "--", kind}
	mime := asJSON
	switch {
	case kind == "schema":
		args, mime = []string{"schema"}, "application/schema+json"
	case kind == "reports":
		args, mime = []string{"report", "-o", "md", "--", name}, "text/markdown"
	case one:
		args = append(args, name)
	}
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	o := s.run(ctx, args, "")
	if o.Code != 0 {
		return nil, mcp.ResourceNotFoundError(uri)
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, MIMEType: mime, Text: o.Out}}}, nil
}
