package mcpserver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	mostText  = 128 << 10 // bytes of an answer
	callLimit = 2 * time.Minute
)

// Outcome is what a verb printed on its two streams, and its exit code.
type Outcome struct {
	Out, Err string
	Code     int
}

// Run runs a verb with what it reads from standard input.
type Run func(ctx context.Context, args []string, stdin string) Outcome

// call runs a verb for a bounded time. Exit codes other than 0 and those of ok are an error of the tool.
func (s *server) call(ctx context.Context, stdin string, ok []int, args ...string) *mcp.CallToolResult {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	return result(s.run(ctx, args, stdin), ok...)
}

func result(o Outcome, ok ...int) *mcp.CallToolResult {
	r := &mcp.CallToolResult{IsError: o.Code != 0 && !slices.Contains(ok, o.Code)}
	for _, text := range []string{o.Out, o.Err} {
		if text = cut(text); text != "" {
			r.Content = append(r.Content, &mcp.TextContent{Text: text})
		}
	}
	if o.Code != 0 || len(r.Content) == 0 {
		r.Content = append(r.Content, &mcp.TextContent{Text: fmt.Sprintf("exit code %d", o.Code)})
	}
	return r
}

func failure(format string, v ...any) *mcp.CallToolResult {
	return &mcp.CallToolResult{IsError: true, Content: []mcp.Content{&mcp.TextContent{Text: fmt.Sprintf(format, v...)}}}
}

// cut leaves the middle of a long text out: its beginning says what it is, and its end what came of it.
func cut(text string) string {
	if len(text) <= mostText {
		return text
	}
	half := mostText / 2
	return fmt.Sprintf("%s\n[%d bytes are left out here: ask for less]\n%s", strings.ToValidUTF8(text[:half], ""), len(text)-2*half, strings.ToValidUTF8(text[len(text)-half:], ""))
}
