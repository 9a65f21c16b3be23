package export

import (
	"errors"
	"path/filepath"
	"strings"
)

// vllmResult is how the names of vLLM's result files begin and end, in a run's folder.
const vllmResult, vllmEnding = "benchmark_", ".json"

// writeVLLM writes the result files of valid serving runs, as vllm bench serve --save-result does, each named after its run.
func writeVLLM(f *folder, s Set) error {
	invalid, other := 0, 0
	for _, r := range s.Rows {
		name := ""
		for _, file := range r.Files {
			if strings.HasPrefix(file, vllmResult) && strings.HasSuffix(file, vllmEnding) {
				name = file
			}
		}
		switch {
		case name == "":
			other++
		case !r.Valid:
			invalid++
		default:
			if err := f.copy(r.Run+"_"+filepath.Base(name), r.Dir, name); err != nil {
				return err
			}
		}
	}
	if f.made.Files == 0 {
		return errors.New("no valid run of a serving benchmark is among them, and only those have results of vLLM's form; another format has all runs")
	}
	if invalid > 0 {
		f.note("%d run(s) that are not valid have no file: vLLM's form cannot say so.", invalid)
	}
	if other > 0 {
		f.note("%d run(s) have no result of vLLM's form: only serving benchmarks do.", other)
	}
	return nil
}
