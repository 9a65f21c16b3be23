package live

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/reconciler/view/text"
)

var update = flag.Bool("update", false, "write the golden files anew")

// world is a site with much going on: 100 services, three sweeps, and names that are hard to draw.
func world() (rows []Row) {
	rows = services(100, "Ready", Done)
	for i, state := range map[int]string{3: "Starting", 17: "Starting", 41: "Starting"} {
		rows[i] = Row{Object: rows[i].Object, Kind: "service", State: state, Class: Moving, Age: 95 * time.Second, Detail: "weights: 2 of 4", Share: Share{2, 4}}
	}
	for i := 60; i < 80; i++ {
		rows[i] = Row{Object: rows[i].Object, Kind: "service", State: "Pending", Class: Waiting, Age: 5 * time.Minute, Detail: "job 4711 starts in about 12 min as the scheduler sees it (Priority)", Share: Share{300, 1020}}
	}
	rows[5] = Row{Object: "e/検索サービス", Kind: "service", State: "Stalled", Class: Bad, Age: 3 * time.Hour, Detail: "再起動の上限に達しました: e\u0301 exited with code 1; look: assay logs e/検索サービス"}
	rows[9].State, rows[9].Class, rows[9].Detail = "Unknown", Unsure, "the scheduler does not answer"
	return append(rows,
		Row{Object: "e/sweep", Kind: "benchmark", State: "Running", Class: Moving, Age: 11 * time.Minute, Detail: "24/36 points, 3 failed, ETA 12 min, now itl=2ms x3", Share: Share{24, 36}},
		Row{Object: "a-very-long-name-of-an-experiment/structured-output", Kind: "benchmark", State: "Waiting", Class: Waiting, Detail: "0/9 runs; WaitingForTarget llm is not Ready"},
		Row{Object: "e/done", Kind: "benchmark", State: "Complete", Class: Done, Detail: "9/9 points"})
}

// TestFit holds what terminals of several sizes show: never more lines than there are, one kept for the cursor, and none wider.
func TestFit(t *testing.T) {
	for name, rows := range map[string][]Row{"many": world(), "few": {world()[0], world()[3], world()[60], world()[100]}, "none": nil} {
		for _, size := range []Size{{24, 80}, {10, 60}, {50, 200}, {5, 40}, {1, 1}, {2, 7}} {
			lines := Fit(rows, size, false)
			if len(lines) > max(1, size.Lines-1) {
				t.Errorf("%s %+v: %d lines", name, size, len(lines))
			}
			for _, l := range lines {
				if text.Width(l) > size.Columns {
					t.Errorf("%s %+v: %q takes %d columns", name, size, l, text.Width(l))
				}
			}
			for i, l := range Fit(rows, size, true) {
				if text.Unpainted(l) != lines[i] {
					t.Errorf("%s %+v: in colours it is %q, else %q", name, size, l, lines[i])
				}
			}
			if size.Lines > 2 {
				golden(t, fmt.Sprintf("%s-%dx%d", name, size.Columns, size.Lines), strings.Join(lines, "\n")+"\n")
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}
