package mcpserver

import (
	"context"
	"strconv"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

type getIn struct {
	Kind       string `json:"kind" jsonschema:"services, jobs, runs, benchmarks, experiments, nodes, listeners, sites, revisions, events, or all"`
	Name       string `json:"name,omitempty" jsonschema:"NAME or EXPERIMENT/NAME; none: all of the kind"`
	Experiment string `json:"experiment,omitempty" jsonschema:"only of this experiment"`
	Selector   string `json:"selector,omitempty" jsonschema:"only of experiments with these labels, as team=x,stage!=test"`
	Wide       bool   `json:"wide,omitempty" jsonschema:"a table with everything instead of JSON"`
}

type objectIn struct {
	Kind string `json:"kind" jsonschema:"experiment, service, benchmark or run"`
	Name string `json:"name" jsonschema:"NAME or EXPERIMENT/NAME"`
}

type experimentIn struct {
	Experiment string `json:"experiment" jsonschema:"the name of an experiment"`
}

type someIn struct {
	Experiment string `json:"experiment,omitempty" jsonschema:"only of this experiment"`
}

type logsIn struct {
	Name     string `json:"name" jsonschema:"a service, SERVICE.COMPONENT, a run, a job's id or node/NAME; EXPERIMENT/ can precede it"`
	Tail     int    `json:"tail,omitempty" jsonschema:"so many last lines; default 200"`
	Previous bool   `json:"previous,omitempty" jsonschema:"of the job before the last"`
}

type compareIn struct {
	Before string   `json:"before" jsonschema:"EXPERIMENT, EXPERIMENT@REVISION or label:KEY=VALUE"`
	Now    string   `json:"now,omitempty" jsonschema:"the same; none: the targets that the experiment measured in turn"`
	Metric []string `json:"metric,omitempty" jsonschema:"as ttft.p99; none: the usual ones"`
}

type manifestIn struct {
	Manifest string `json:"manifest" jsonschema:"YAML documents of kind Experiment or Site"`
}

// defaultTail is how many lines of a log there are unless more are asked for.
const defaultTail = 200

func (s *server) reading(m *mcp.Server) {
	tool(m, "get", "Lists objects with their spec and status.", func(ctx context.Context, in getIn) *mcp.CallToolResult {
		format := "json"
		if in.Wide {
			format = "wide"
		}
		args := []string{"get", "-o", format, "--experiment=" + in.Experiment, "--selector=" + in.Selector, "--", in.Kind}
		if in.Name != "" {
			args = append(args, in.Name)
		}
		return s.call(ctx, "", nil, args...)
	})
	tool(m, "describe", "Shows everything known of an object: conditions with reasons and what to do, and its events.", func(ctx context.Context, in objectIn) *mcp.CallToolResult {
		return s.call(ctx, "", nil, "describe", "--", in.Kind, in.Name)
	})
	tool(m, "events", "Lists what happened and why, oldest first.", func(ctx context.Context, in someIn) *mcp.CallToolResult {
		return s.call(ctx, "", nil, "events", "--experiment="+in.Experiment)
	})
	tool(m, "logs", "Prints the newest logs of a service, run, job or node. Stored secrets are redacted.", func(ctx context.Context, in logsIn) *mcp.CallToolResult {
		if in.Tail <= 0 {
			in.Tail = defaultTail
		}
		return s.call(ctx, "", nil, "logs", "--tail="+strconv.Itoa(in.Tail), "--previous="+strconv.FormatBool(in.Previous), "--", in.Name)
	})
	tool(m, "history", "Lists the revisions of an experiment with where they came from.", func(ctx context.Context, in experimentIn) *mcp.CallToolResult {
		return s.call(ctx, "", nil, "history", "-o", "json", "--", in.Experiment)
	})
	tool(m, "gate", "Decides an experiment's gates: exit code 0 GO, 1 NO-GO, 2 inconclusive.", func(ctx context.Context, in experimentIn) *mcp.CallToolResult {
		return s.call(ctx, "", []int{1, 2}, "gate", "-o", "json", "--", in.Experiment)
	})
	tool(m, "report", "Writes an experiment's results as Markdown: means, intervals, what is not counted and why.", func(ctx context.Context, in experimentIn) *mcp.CallToolResult {
		return s.call(ctx, "", nil, "report", "-o", "md", "--", in.Experiment)
	})
	tool(m, "compare", "Compares the results of two experiments, revisions or labels, with a statistical verdict.", s.compare)
	tool(m, "validate", "Checks a manifest without a site: each problem with its line, reason and remedy.", func(ctx context.Context, in manifestIn) *mcp.CallToolResult {
		return s.call(ctx, in.Manifest, []int{4}, "validate", "-")
	})
	tool(m, "plan", "Shows what apply of a manifest would do: exit code 0 nothing, 2 changes. Nothing is changed.", func(ctx context.Context, in manifestIn) *mcp.CallToolResult {
		return s.call(ctx, in.Manifest, []int{2}, "plan", "-f", "-")
	})
}

// compare takes no files: a program that reads results here has no say over the files of this machine.
func (s *server) compare(ctx context.Context, in compareIn) *mcp.CallToolResult {
	args := []string{"compare", "-o", "json"}
	for _, metric := range in.Metric {
		args = append(args, "--metric="+metric)
	}
	args = append(args, "--", in.Before)
	if in.Now != "" {
		args = append(args, in.Now)
	}
	for _, ref := range []string{in.Before, in.Now} {
		if strings.HasPrefix(ref, "file:") {
			return failure("comparing %s: files are not read through this server; name an experiment, a revision or a label", ref)
		}
	}
	return s.call(ctx, "", nil, args...)
}
