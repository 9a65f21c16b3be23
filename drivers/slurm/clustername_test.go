package slurm

import (
	"errors"
	"testing"

	"assay/drivers"
)

// TestClusterName reads what scontrol show config 22.05.8 prints.
func TestClusterName(t *testing.T) {
	for text, want := range map[string]string{
		"Configuration data as of 2026-11-23T18:48:32\nCliFilterPlugins        = (null)\nClusterName             = meluxina\nCommunicationParameters = (null)\n": "meluxina",
		"ClusterName             = (null)\n": "",
		"":                                   "",
		"AccountingStorageUser   = ClusterName\nClusterNameX = y\n": "",
	} {
		if got, ok := clusterName(text); got != want || ok != (want != "") {
			t.Errorf("%q names %q, want %q", text, got, want)
		}
	}
}

// TestRealClusterName asks a real controller, and one that is down.
func TestRealClusterName(t *testing.T) {
	c, s := start(t)
	name, err := s.ClusterName(t.Context())
	if err != nil || name == "" {
		t.Errorf("the cluster is named %q, %v", name, err)
	}
	restore := stop(t, c)
	_, err = s.ClusterName(t.Context())
	restore()
	if !errors.Is(err, drivers.ErrUnavailable) {
		t.Errorf("with the controller down: %v", err)
	}
}
