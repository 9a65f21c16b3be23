package prometheus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"assay/drivers"
)

// targetLabel carries a target's id through Prometheus and back.
const targetLabel = "assay_target"

// instant evaluates one PromQL expression now.
type instant func(ctx context.Context, expr string) (model.Vector, error)

// health asks for what was scraped within window. A target whose last sample is older is absent: Unknown.
func health(ctx context.Context, query instant, window time.Duration) (map[string]drivers.Health, error) {
	w := model.Duration(window).String()
	up, err := query(ctx, fmt.Sprintf(`last_over_time(up{%s!=""}[%s])`, targetLabel, w))
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus which targets are up: %w", err)
	}
	models, err := query(ctx, fmt.Sprintf(
		`count by (%s, model_name) (last_over_time({__name__=~"vllm:num_requests_running|vllm:num_requests_waiting",%s!=""}[%s]))`,
		targetLabel, targetLabel, w))
	if err != nil {
		return nil, fmt.Errorf("asking Prometheus which models are served: %w", err)
	}
	out := make(map[string]drivers.Health, len(up))
	for _, s := range up {
		out[string(s.Metric[targetLabel])] = drivers.Health{Up: s.Value == 1}
	}
	for _, s := range models {
		id, name := string(s.Metric[targetLabel]), string(s.Metric["model_name"])
		h, ok := out[id]
		if !ok || name == "" {
			continue
		}
		h.Models = append(h.Models, name)
		slices.SortFunc(h.Models, strings.Compare)
		out[id] = h
	}
	return out, nil
}
