package v1alpha1

import (
	"path/filepath"
	"strings"
)

// EachFile hands change every path that the benchmarks of an experiment name, and writes down what it returns: data sets,
// queries, their truth, and saved reports that gates compare with. Paths of programs, binds, images and models are the nodes'.
func (e *Experiment) EachFile(change func(path string) string) {
	for i := range e.Spec.Benchmarks {
		b := &e.Spec.Benchmarks[i]
		var paths []*string
		if b.Serving != nil {
			paths = append(paths, &b.Serving.File)
		}
		if b.Vector != nil {
			paths = append(paths, &b.Vector.File, &b.Vector.QueryFile, &b.Vector.TruthFile)
		}
		for _, p := range paths {
			if *p != "" {
				*p = change(*p)
			}
		}
		for j := range b.Gates {
			if path, ok := strings.CutPrefix(b.Gates[j].Baseline, "file:"); ok && path != "" {
				b.Gates[j].Baseline = "file:" + change(path)
			}
		}
	}
}

// Relative reports whether a path counts from the folder of the manifest that names it.
func Relative(path string) bool {
	return path != "" && !filepath.IsAbs(path) && !strings.HasPrefix(path, "~")
}

// from makes the relative paths of an experiment absolute.
func (e *Experiment) from(folder string) {
	e.EachFile(func(path string) string {
		if Relative(path) {
			return filepath.Join(folder, path)
		}
		return path
	})
}
