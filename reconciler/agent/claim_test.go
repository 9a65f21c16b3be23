package agent

import (
	"path/filepath"
	"strings"
	"testing"

	"assay/drivers/durable"
	"assay/drivers/procid"
)

// TestAJobDirectoryIsUsedOnce: a second agent is refused, and agent.json says which process the first one is.
func TestAJobDirectoryIsUsedOnce(t *testing.T) {
	dir := t.TempDir()
	first, second := &agent{dir: dir, o: Options{JobID: "7"}}, &agent{dir: dir, o: Options{JobID: "8"}}
	if err := first.claim(); err != nil {
		t.Fatal(err)
	}
	if err := second.claim(); err == nil || !strings.Contains(err.Error(), "already run") {
		t.Errorf("a second agent: %v", err)
	}
	var c claimed
	if err := durable.ReadRecord(filepath.Join(dir, agentFile), &c); err != nil || c.JobID != "7" || c.State() != procid.Alive {
		t.Errorf("agent.json holds %+v of job %s, %v", c.ID, c.JobID, err)
	}
}
