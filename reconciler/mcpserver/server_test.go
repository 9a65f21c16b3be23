package mcpserver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// echo is an assay that prints how it was called.
func echo(plans ...string) (Run, *[]string) {
	var called []string
	return func(_ context.Context, args []string, stdin string) Outcome {
		line := strings.Join(args, " ") + " <" + stdin
		called = append(called, line)
		switch args[0] {
		case "plan":
			out := plans[0]
			if len(plans) > 1 {
				plans = plans[1:]
			}
			return Outcome{Out: out, Code: 2}
		case "gate":
			return Outcome{Out: "NO-GO", Code: 1}
		case "describe":
			return Outcome{Err: "assay: no service", Code: 1}
		case "events":
			return Outcome{Out: strings.Repeat("e", 3*mostText)}
		}
		return Outcome{Out: line}
	}, &called
}

// connect is a client of a server.
func connect(t *testing.T, o Options, client *mcp.ClientOptions) *mcp.ClientSession {
	t.Helper()
	here, there := mcp.NewInMemoryTransports()
	if _, err := New(o).Connect(t.Context(), there, nil); err != nil {
		t.Fatal(err)
	}
	c, err := mcp.NewClient(&mcp.Implementation{Name: "test"}, client).Connect(t.Context(), here, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func call(t *testing.T, c *mcp.ClientSession, name string, args map[string]any) (text string, failed bool) {
	t.Helper()
	r, err := c.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: args})
	if err != nil {
		return err.Error(), true
	}
	for _, part := range r.Content {
		text += part.(*mcp.TextContent).Text + "\n"
	}
	return text, r.IsError
}

// TestToolsAreVerbs: each tool types its verb; what a program hands in is behind "--" or one word with its option.
func TestToolsAreVerbs(t *testing.T) {
	run, _ := echo("+ job")
	c := connect(t, Options{Run: run}, nil)
	for _, x := range []struct {
		name string
		args map[string]any
		want string
		bad  bool
	}{
		{"get", map[string]any{"kind": "svc", "name": "--state=/etc", "selector": "team=x"}, "get -o json --experiment= --selector=team=x -- svc --state=/etc <", false},
		{"get", map[string]any{}, "kind", true},
		{"describe", map[string]any{"kind": "service", "name": "x"}, "no service\nexit code 1", true},
		{"logs", map[string]any{"name": "web", "previous": true}, "logs --tail=200 --previous=true -- web <", false},
		{"gate", map[string]any{"experiment": "e"}, "NO-GO\nexit code 1", false},
		{"compare", map[string]any{"before": "a", "now": "b", "metric": []string{"ttft.p99"}}, "compare -o json --metric=ttft.p99 -- a b <", false},
		{"compare", map[string]any{"before": "a", "now": "file:/etc/shadow"}, "files are not read", true},
		{"validate", map[string]any{"manifest": "kind: X"}, "validate - <kind: X", false},
		{"plan", map[string]any{"manifest": "kind: X"}, "+ job\nexit code 2", false},
		{"report", map[string]any{"experiment": "e"}, "report -o md -- e <", false},
		{"events", map[string]any{}, fmt.Sprintf("[%d bytes are left out here", 2*mostText), false},
		{"apply", map[string]any{"manifest": "kind: X"}, "unknown tool", true},
	} {
		if got, failed := call(t, c, x.name, x.args); failed != x.bad || !strings.Contains(got, x.want) {
			t.Errorf("%s %v: %.200q, error %v; want %q", x.name, x.args, got, failed, x.want)
		}
	}
	tools, err := c.ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools.Tools {
		if !tool.Annotations.ReadOnlyHint || tool.Description == "" {
			t.Errorf("%s: a server that only looks offers %+v", tool.Name, tool.Annotations)
		}
	}
}

// TestApplyNeedsItsPlan: nothing is applied without the code of the plan as it is now, nor when the user declines.
func TestApplyNeedsItsPlan(t *testing.T) {
	run, called := echo("+ one job", "+ one job", "+ two jobs")
	applied := func() bool {
		return slices.ContainsFunc(*called, func(line string) bool { return strings.HasPrefix(line, "apply ") })
	}
	c := connect(t, Options{Run: run, Act: true}, nil)
	code := func(text string) string {
		_, rest, _ := strings.Cut(text, "confirm: ")
		return strings.Fields(rest + " none")[0]
	}
	first, failed := call(t, c, "apply", map[string]any{"manifest": "m"})
	if failed || !strings.Contains(first, "+ one job") || applied() {
		t.Fatalf("%q, %v, applied %v", first, failed, applied())
	}
	if text, _ := call(t, c, "apply", map[string]any{"manifest": "another", "confirm": code(first)}); !strings.Contains(text, "Nothing was applied") || applied() {
		t.Errorf("another manifest: %q", text)
	}
	second, _ := call(t, c, "apply", map[string]any{"manifest": "m", "confirm": code(first)})
	if !strings.Contains(second, "Nothing was applied") || !strings.Contains(second, "+ two jobs") || applied() {
		t.Errorf("the plan has changed: %q", second)
	}
	if text, failed := call(t, c, "apply", map[string]any{"manifest": "m", "confirm": code(second)}); failed || !applied() {
		t.Errorf("%q, %v", text, failed)
	}
	if last := (*called)[len(*called)-1]; last != "apply -f - --wait=false <m" {
		t.Errorf("it called %q", last)
	}

	for action, want := range map[string]bool{"decline": false, "cancel": false, "accept": true} {
		run, called = echo("+ one job")
		question := ""
		c = connect(t, Options{Run: run, Act: true}, &mcp.ClientOptions{ElicitationHandler: func(_ context.Context, r *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			question = r.Params.Message
			return &mcp.ElicitResult{Action: action}, nil
		}})
		first, _ = call(t, c, "apply", map[string]any{"manifest": "m"})
		text, failed := call(t, c, "apply", map[string]any{"manifest": "m", "confirm": code(first)})
		if applied() != want || failed == want || !strings.Contains(question, "+ one job") {
			t.Errorf("the user's answer is %s: applied %v, %q; asked %q", action, applied(), text, question)
		}
	}
}

// TestResources: objects have addresses, and an address of nothing is not found.
func TestResources(t *testing.T) {
	run, _ := echo("")
	failing := func(ctx context.Context, args []string, stdin string) Outcome {
		if slices.Contains(args, "gone/x") {
			return Outcome{Code: 1}
		}
		return run(ctx, args, stdin)
	}
	c := connect(t, Options{Run: failing}, nil)
	for uri, want := range map[string]string{
		"assay://services":     "get -o json -- services <",
		"assay://runs/e/q-1":   "get -o json -- runs e/q-1 <",
		"assay://reports/e":    "report -o md -- e <",
		"assay://schema":       "schema <",
		"assay://runs/gone/x":  "",
		"assay://key/e":        "",
		"assay://experiments/": "",
	} {
		r, err := c.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: uri})
		if (err == nil) != (want != "") || err == nil && r.Contents[0].Text != want {
			t.Errorf("%s: %+v, %v; want %q", uri, r, err, want)
		}
	}
}
