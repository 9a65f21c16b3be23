package io500

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"assay/drivers/suite/storage"
)

// FuzzResults: whatever the two files of a run hold, a result without a fault has each scored phase once and a score, every
// number of it is finite, and the reasons say no more than the files.
func FuzzResults(f *testing.F) {
	for _, name := range []string{"valid", "tiny", "term", "baddir", "s-cancel"} {
		a, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(a.Files[0].Data), string(a.Files[1].Data))
	}
	f.Add("[RESULT] ior-easy-write inf GiB/s : time -1 seconds\n[SCORE ] Bandwidth inf GiB/s : IOPS nan kiops : TOTAL nan\n", "[run]\nprocs=2\n[SCORE]\nMD=nan\nSCORE=nan [INVALID]\n[find]\nfound=1e999\n")
	f.Fuzz(func(t *testing.T, stdout, result string) {
		printed, r := parseOutput(stdout), parseRecord(result)
		if len(printed.phases)+len(printed.scores)+len(printed.errors)+len(printed.headers) > strings.Count(stdout, "\n")+1 || len(r.at()) > len(result)+100 {
			t.Errorf("%d phases, %d scores, %d errors of %d bytes", len(printed.phases), len(printed.scores), len(printed.errors), len(stdout))
		}
		j := judge(spec(30*time.Second, 2), printed, r, nil)
		said := 0
		for _, reason := range append(j.faults, j.notes...) {
			said += len(reason.Message)
		}
		if said > 10*(len(stdout)+len(result))+5000 {
			t.Errorf("%d bytes of reasons for %d bytes", said, len(stdout)+len(result))
		}
		m := storage.Metrics(values(printed))
		extras(m, printed, r)
		for name, v := range m {
			if !finite(v) {
				t.Errorf("%s is %v", name, v)
			}
		}
		if len(j.faults) == 0 && (!(m["score_total"] > 0) || len(printed.headers) != 1) {
			t.Errorf("no fault in %v", m)
		}
	})
}

// FuzzList: what `io500 --list` prints holds no more settings than lines.
func FuzzList(f *testing.F) {
	list, err := os.ReadFile("testdata/list.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(list))
	f.Add("[a]\n; b\nc = d\n")
	f.Fuzz(func(t *testing.T, list string) {
		if settings := known(list); len(settings) > strings.Count(list, "\n")+1 {
			t.Errorf("%d settings of %q", len(settings), list)
		}
	})
}

// TestALongLineHidesNothing: what stands behind a line of megabytes is read too.
func TestALongLineHidesNothing(t *testing.T) {
	stdout, result := sample(t, "valid")
	long := strings.Repeat("x", 2<<20) + "\n"
	if p := parseOutput(stdout + long + "ERROR INVALID (src/main.c:1) the result is not valid\n"); len(p.errors) != 1 {
		t.Errorf("%d errors behind a long line", len(p.errors))
	}
	if r := parseRecord(long + result); r.values["SCORE"]["hash"] == "" {
		t.Error("no score behind a long line")
	}
}
