package dashboards

import (
	"os"
	"regexp"
	"testing"

	"assay/reconciler/results"
)

// TestEmulatedResultsAreReal: the emulated controller shows metrics that suites write, or a panel would pass the tests and
// stay empty in the field.
func TestEmulatedResultsAreReal(t *testing.T) {
	text, err := os.ReadFile("testdata/controller.prom")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`metric="([^"]*)"`).FindAllSubmatch(text, -1)
	if len(found) < 20 {
		t.Fatalf("only %d results are emulated", len(found))
	}
	for _, m := range found {
		if name := string(m[1]); !declared(name) {
			t.Errorf("testdata/controller.prom emulates %s, which no suite writes", name)
		}
	}
}

func declared(name string) bool {
	_, ok := results.Lookup(name)
	return ok
}
