package main

import (
	"io"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// TestMCP speaks the protocol to the verb: it validates, plans, and reads what is there; a stream that ends ends the server.
func TestMCP(t *testing.T) {
	inTempHome(t)
	fromClient, toServer := io.Pipe()
	fromServer, toClient := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- (&app{in: fromClient, out: toClient, err: io.Discard, stateDir: t.TempDir()}).runMCP(t.Context(), mcpOptions{})
		_ = toClient.Close()
	}()
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, nil).Connect(t.Context(), &mcp.IOTransport{Reader: fromServer, Writer: toServer}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for tool, x := range map[string]struct {
		args map[string]any
		want string
		bad  bool
	}{
		"plan":     {map[string]any{"manifest": web("/tmp")}, "Plan: 1 to add", false},
		"validate": {map[string]any{"manifest": "kind: Experiment"}, "apiVersion", false},
		"get":      {map[string]any{"kind": "all"}, `"kind": "List"`, false},
		"describe": {map[string]any{"kind": "service", "name": "x"}, "assay get services", true},
	} {
		r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: x.args})
		if err != nil {
			t.Errorf("%s: %v", tool, err)
			continue
		}
		text := ""
		for _, part := range r.Content {
			text += part.(*mcp.TextContent).Text
		}
		if r.IsError != x.bad || !strings.Contains(text, x.want) {
			t.Errorf("%s: %q, error %v; want %q", tool, text, r.IsError, x.want)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	_ = toServer.Close()
	if err := <-done; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
