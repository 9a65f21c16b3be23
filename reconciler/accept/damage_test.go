package accept

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestADamagedRevisionIsLeftBehind: undo puts the last good one in its place, and apply whatever the file says.
func TestADamagedRevisionIsLeftBehind(t *testing.T) {
	b := batch(t, "apply")
	b.Prune = true
	for n := 1; n <= 3; n++ {
		if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e", fmt.Sprintf("s%d", n))}); err != nil {
			t.Fatal(err)
		}
	}
	tear := func(n int) {
		if err := os.WriteFile(filepath.Join(b.Store.Dir(), "revisions/e", fmt.Sprintf("%06d.json", n)), []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tear(3)
	a, err := Undo(b.Store, "e", 0, true, drivers.Origin{Source: "undo"})
	if err != nil || a.Generation != 4 || a.Spec.Spec.Services[0].Name != "s2" {
		t.Errorf("undone to %d with %+v, %v", a.Generation, a.Spec.Spec.Services, err)
	}
	tear(4)
	got, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e", "s2")}) // as in the last good one
	if err != nil || len(got) != 1 || got[0].Generation != 5 || got[0].Incarnation != 1 {
		t.Errorf("applied as %+v, %v", got, err)
	}
	b.Prune = false
	tear(5)
	if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e")}); err == nil {
		t.Error("the prune guard does not compare with the last good one")
	}
	if gone, err := b.Gone(nil); err != nil || len(gone) != 0 {
		t.Errorf("gone: %+v, %v", gone, err)
	}
}
