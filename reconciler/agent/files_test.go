package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/procid"
)

// TestFilesAreRecords: what an agent writes can be refused by name by an older assay, and is whole.
func TestFilesAreRecords(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	dir := t.TempDir()
	j.tell(drivers.AgentDesired{Runs: []drivers.Run{{ID: "good", Dir: suiteDir(t, dir, "good")}}})
	j.until("the run is complete", func(s drivers.AgentState) bool { return len(s.Runs) == 1 && s.Runs[0].Phase == v1alpha1.RunComplete })
	for _, path := range []string{filepath.Join(j.dir, drivers.StateFile), filepath.Join(j.dir, agentFile),
		filepath.Join(j.dir, nodesDir, "n1.json"), filepath.Join(dir, "good", drivers.ClaimFile)} {
		if text := fileText(t, path); !strings.HasPrefix(text, "{\n \"schema\": 1,") {
			t.Errorf("%s is not a record: %.80s", path, text)
		}
	}
	var me procid.ID
	if err := durable.ReadRecord(filepath.Join(j.dir, agentFile), &me); err != nil || me.State() != procid.Alive {
		t.Errorf("the agent says that it is %+v, %v", me, err)
	}
}

// TestANewerDesiredIsRefused: the agent says which schema it cannot read, and goes on with what it has.
func TestANewerDesiredIsRefused(t *testing.T) {
	j := startJob(t, drivers.AgentDesired{})
	j.until("a beat", func(s drivers.AgentState) bool { return s.Generation == 1 })
	newer := `{"schema": 99, "generation": 7, "nonce": "nonce", "processes": "other"}`
	if err := (durable.Writer{}).Replace(filepath.Join(j.dir, drivers.DesiredFile), []byte(newer), nil); err != nil {
		t.Fatal(err)
	}
	j.until("the schema is named", func(s drivers.AgentState) bool { return strings.Contains(s.Error, "schema 99") && s.Generation == 1 })
}

// TestADamagedResultIsTheEndOfARun: the run is not begun again, and the reason names the file.
func TestADamagedResultIsTheEndOfARun(t *testing.T) {
	dir := suiteDir(t, t.TempDir(), "good")
	if err := os.WriteFile(filepath.Join(dir, drivers.ResultFile), []byte(`{"run":"go`), 0o600); err != nil {
		t.Fatal(err)
	}
	j := startJob(t, drivers.AgentDesired{Runs: []drivers.Run{{ID: "good", Dir: dir}}})
	j.until("the damage is named", func(s drivers.AgentState) bool {
		return len(s.Runs) == 1 && s.Runs[0].Phase == v1alpha1.RunFailed && strings.Contains(s.Runs[0].Message, drivers.ResultFile+" is damaged")
	})
	if _, err := os.Stat(filepath.Join(dir, drivers.ClaimFile)); err == nil {
		t.Error("a run with a result was claimed")
	}
}

func suiteDir(t *testing.T, dir, name string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
