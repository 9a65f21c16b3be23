package export

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"

	"assay/reconciler/results"
)

// Who wrote a log of W&B's, and the oldest program that may read it: what client 0.19 writes.
const wandbProducer, wandbReader = "assay", "0.40.0"

// writeWandB writes a folder for each run, as W&B's client leaves an offline run.
func writeWandB(f *folder, s Set) error {
	for _, r := range s.Rows {
		if err := wandbRun(f, s, r); err != nil {
			return fmt.Errorf("run %s: %w", r.Run, err)
		}
	}
	f.note("To send them: wandb sync %s/wandb/offline-run-*; it asks for your account there.", f.dir)
	return nil
}

func wandbRun(f *folder, s Set, r results.Row) error {
	id := runID(s, r)[:16]
	dir := filepath.Join("wandb", "offline-run-"+r.Started.UTC().Format("20060102_150405")+"-"+id)
	config, summary, err := wandbValues(s, r)
	if err != nil {
		return err
	}
	err = f.stream(filepath.Join(dir, "run-"+id+".wandb"), func(w io.Writer) error { return wandbWrite(w, s, r, id, config, summary) })
	if err != nil {
		return err
	}
	shown := map[string]any{}
	for name, v := range config {
		shown[name] = map[string]any{"desc": nil, "value": json.RawMessage(v)}
	}
	if err := f.yaml(filepath.Join(dir, "files", "config.yaml"), shown); err != nil {
		return err
	}
	b, err := json.Marshal(raw(summary))
	if err != nil {
		return err
	}
	return f.text(filepath.Join(dir, "files", "wandb-summary.json"), string(b)+"\n")
}

func raw(values map[string]string) map[string]json.RawMessage {
	out := map[string]json.RawMessage{}
	for name, v := range values {
		out[name] = json.RawMessage(v)
	}
	return out
}

// wandbValues are the configuration and the summary of a run, each value as JSON.
func wandbValues(s Set, r results.Row) (config, summary map[string]string, err error) {
	config, summary = map[string]string{}, map[string]string{}
	for _, words := range []map[string]string{paramsOf(r), tagsOf(s, r)} {
		for name, v := range words {
			b, err := json.Marshal(v)
			if err != nil {
				return nil, nil, err
			}
			config[name] = string(b)
		}
	}
	for name, v := range r.Metrics {
		if summary[name] = strconv.FormatFloat(v, 'g', -1, 64); math.IsNaN(v) || math.IsInf(v, 0) {
			summary[name] = fmt.Sprintf("%q", summary[name]) // as W&B's client writes what JSON has no number for
		}
	}
	summary["_step"], summary["_timestamp"] = "0", fmt.Sprintf("%.3f", float64(r.Ended.UnixMilli())/1000)
	summary["_runtime"] = fmt.Sprintf("%.3f", r.Ended.Sub(r.Started).Seconds())
	return config, summary, nil
}

// wandbWrite writes the log of a run: what it is, one step with its metrics, the summary, and how it ended.
func wandbWrite(to io.Writer, s Set, r results.Row, id string, config, summary map[string]string) error {
	l := newWandbLog(to)
	l.record(recordHeader, message(nil, 1, words(words(nil, 1, wandbProducer), 2, wandbReader)))
	run := words(words(nil, 1, id), 3, s.Experiment)
	run = message(run, 4, pairs(nil, 1, results.SortedKeys(config), config))
	run = words(words(words(run, 6, r.PointName()), 7, r.Benchmark), 8, r.Run)
	for _, tag := range wandbTags(r) {
		run = words(run, 10, tag)
	}
	if len(r.Nodes) > 0 {
		run = words(run, 13, r.Nodes[0])
	}
	l.record(recordRun, message(run, 17, timestamp(r.Started)))
	var files []byte
	for _, name := range []string{"config.yaml", "wandb-summary.json"} {
		files = message(files, 1, integer(words(nil, 1, name), 3, 1)) // type WANDB
	}
	l.record(recordFiles, files)
	names := results.SortedKeys(summary)
	l.record(recordSummary, pairs(nil, 1, names, summary))
	l.record(recordHistory, message(pairs(nil, 1, names, summary), 2, integer(nil, 1, 0)))
	code := int64(0)
	if !r.Valid {
		code = 1
	}
	l.record(recordExit, integer(integer(nil, 1, code), 2, int64(r.Ended.Sub(r.Started).Seconds())))
	return l.close()
}

func wandbTags(r results.Row) (out []string) {
	if r.Simulated {
		out = append(out, "simulated")
	}
	if !r.Valid {
		out = append(out, "invalid")
	}
	return out
}
