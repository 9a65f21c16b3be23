package drivers

import (
	"math"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParseTag: a comment that is taken for a tag is written again as one that means the same.
func FuzzParseTag(f *testing.F) {
	for _, s := range []string{"", "(null)", "assay:v1 s e/g/0 r n", "assay:v1 s e/g/0/0 r n", "assay:v1 s e/g/+1 r n", "assay:v1 s e//0 r n", "assay:v1  e/g/0 r n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, comment string) {
		tag, ok := ParseTag(comment)
		if !ok {
			return
		}
		if again, ok := ParseTag(tag.String()); !ok || again != tag || tag.Store == "" || tag.Nonce == "" {
			t.Errorf("%q is %+v, and that is %+v, %v", comment, tag, again, ok)
		}
	})
}

// FuzzParseRayStatus: whatever a program prints for `ray status`, nodes and GPUs are counts.
func FuzzParseRayStatus(f *testing.F) {
	names, err := filepath.Glob("testdata/ray-status/*")
	if err != nil || len(names) == 0 {
		f.Fatal(names, err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("\nActive:\n -1 node\n")
	f.Add("\nActive:\n 9223372036854775807 a\n 1 b\n")
	f.Fuzz(func(t *testing.T, out string) {
		nodes, gpus, err := ParseRayStatus(out)
		if err == nil && (nodes < 0 || !(gpus >= 0) || math.IsInf(gpus, 0)) {
			t.Errorf("%q: %d nodes, %v GPUs", out, nodes, gpus)
		}
	})
}
