package mcpserver

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type applyIn struct {
	Manifest string `json:"manifest" jsonschema:"YAML documents of kind Experiment"`
	Confirm  string `json:"confirm,omitempty" jsonschema:"the code of the plan that the first call printed"`
}

// newCode makes codes that only this process can make: who has not seen the plan does not know its code.
func newCode() func(manifest, plan string) string {
	key := rand.Text()
	return func(manifest, plan string) string {
		h := hmac.New(sha256.New, []byte(key))
		fmt.Fprintf(h, "%d %s%s", len(manifest), manifest, plan)
		return hex.EncodeToString(h.Sum(nil)[:6])
	}
}

func (s *server) applying(m *mcp.Server) {
	destructive := true
	t := &mcp.Tool{Name: "apply", Annotations: &mcp.ToolAnnotations{DestructiveHint: &destructive},
		Description: "Makes reality match a manifest, in two steps: the first call shows the plan and a code, the second one with confirm: CODE applies. It costs node-hours: show the plan to your user first."}
	mcp.AddTool(m, t, func(ctx context.Context, req *mcp.CallToolRequest, in applyIn) (*mcp.CallToolResult, any, error) {
		return s.apply(ctx, req, in), nil, nil
	})
}

func (s *server) apply(ctx context.Context, req *mcp.CallToolRequest, in applyIn) *mcp.CallToolResult {
	planning, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	plan := s.run(planning, []string{"plan", "-f", "-"}, in.Manifest)
	if plan.Code != 0 && plan.Code != 2 {
		return result(plan)
	}
	code := s.code(in.Manifest, plan.Out)
	if in.Confirm != code {
		begin := "Nothing was applied. To apply this plan, call apply again with the same manifest and confirm: " + code
		if in.Confirm != "" {
			begin = "Nothing was applied: the manifest or the plan is not the one with the code " + in.Confirm + ". To apply this plan, call apply again with confirm: " + code
		}
		return result(Outcome{Out: plan.Out + "\n" + begin, Err: plan.Err})
	}
	if refused := asked(ctx, req.Session, plan.Out); refused != nil {
		return refused
	}
	return s.call(ctx, in.Manifest, nil, "apply", "-f", "-", "--wait=false")
}

// asked asks the program's user, where the program can do that.
func asked(ctx context.Context, session *mcp.ServerSession, plan string) *mcp.CallToolResult {
	p := session.InitializeParams()
	if p == nil || p.Capabilities == nil || p.Capabilities.Elicitation == nil {
		return nil
	}
	answer, err := session.Elicit(ctx, &mcp.ElicitParams{Message: "Apply this plan?\n\n" + strings.TrimSpace(cut(plan)), RequestedSchema: map[string]any{"type": "object", "properties": map[string]any{}}})
	switch {
	case err != nil:
		return failure("Nothing was applied: the user could not be asked: %v", err)
	case answer.Action != "accept":
		return failure("Nothing was applied: the user did not accept the plan.")
	}
	return nil
}
