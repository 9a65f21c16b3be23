package slurm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"assay/drivers"
)

// ClusterName is the ClusterName of the controller that answers; ErrUnavailable when none does.
func (s *Scheduler) ClusterName(ctx context.Context) (string, error) {
	a := s.call(ctx, "scontrol", "show", "config")
	err := a.failure()
	if a.err == nil && a.code == 0 {
		name, ok := clusterName(a.out)
		if ok {
			return name, nil
		}
		err = errors.New("scontrol show config prints no ClusterName")
	}
	return "", fmt.Errorf("asking which cluster this is: %w: %w", err, drivers.ErrUnavailable)
}

// clusterName finds the line "ClusterName             = name".
func clusterName(config string) (string, bool) {
	for line := range strings.Lines(config) {
		key, value, _ := strings.Cut(line, "=")
		if value = strings.TrimSpace(value); strings.TrimSpace(key) == "ClusterName" && value != "" && value != "(null)" {
			return value, true
		}
	}
	return "", false
}
