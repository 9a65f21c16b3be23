package export

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/results"
)

// What MLflow's FileStore writes for a status and a kind of source.
const (
	mlflowFinished, mlflowFailed = 3, 4
	mlflowLocal                  = 4
)

// writeMLflow writes an experiment of MLflow's with a run for each run.
func writeMLflow(f *folder, s Set) error {
	id, root := mlflowExperiment(s.Experiment), ""
	abs, err := filepath.Abs(f.dir)
	if err != nil {
		return err
	}
	root = filepath.Join("mlruns", id)
	uri := (&url.URL{Scheme: "file", Path: filepath.Join(abs, root)}).String()
	first, last := span(s.Rows)
	err = f.yaml(filepath.Join(root, "meta.yaml"), map[string]any{"artifact_location": uri, "creation_time": first.UnixMilli(), "experiment_id": id,
		"last_update_time": last.UnixMilli(), "lifecycle_stage": "active", "name": s.Experiment})
	if err != nil {
		return err
	}
	for _, name := range results.SortedKeys(s.Labels) {
		if err := f.text(filepath.Join(root, "tags", mlflowName(name)), s.Labels[name]); err != nil {
			return err
		}
	}
	for _, r := range s.Rows {
		if err := mlflowRun(f, s, r, root, uri, id); err != nil {
			return fmt.Errorf("run %s: %w", r.Run, err)
		}
	}
	return nil
}

func mlflowRun(f *folder, s Set, r results.Row, root, uri, experiment string) error {
	id := runID(s, r)
	dir, status := filepath.Join(root, id), mlflowFinished
	if r.Phase == v1alpha1.RunFailed {
		status = mlflowFailed
	}
	err := f.yaml(filepath.Join(dir, "meta.yaml"), map[string]any{"artifact_uri": uri + "/" + id + "/artifacts", "end_time": r.Ended.UnixMilli(), "entry_point_name": "", "experiment_id": experiment,
		"lifecycle_stage": "active", "run_id": id, "run_name": r.Run, "run_uuid": id, "source_name": "", "source_type": mlflowLocal, "source_version": "",
		"start_time": r.Started.UnixMilli(), "status": status, "tags": []any{}, "user_id": "assay"})
	if err != nil {
		return err
	}
	for _, name := range results.SortedKeys(r.Metrics) {
		line := fmt.Sprintf("%d %s 0\n", r.Ended.UnixMilli(), strconv.FormatFloat(r.Metrics[name], 'g', -1, 64))
		if err := f.text(filepath.Join(dir, "metrics", mlflowName(name)), line); err != nil {
			return err
		}
	}
	params, tags := paramsOf(r), tagsOf(s, r)
	for kind, words := range map[string]map[string]string{"params": params, "tags": tags} {
		for _, name := range results.SortedKeys(words) {
			if err := f.text(filepath.Join(dir, kind, mlflowName(name)), words[name]); err != nil {
				return err
			}
		}
	}
	for _, name := range append([]string{drivers.ResultFile}, r.Files...) {
		if err := f.copy(filepath.Join(dir, "artifacts", name), r.Dir, name); err != nil && (name != drivers.ResultFile || r.Valid) {
			return err
		}
	}
	return nil
}

// paramsOf are what was asked of a run.
func paramsOf(r results.Row) map[string]string {
	out := map[string]string{"benchmark": r.Benchmark, "repeat": strconv.Itoa(r.Repeat), "seed": strconv.FormatInt(r.Seed, 10)}
	for name, v := range r.Point {
		out["point."+name] = v
	}
	return out
}

// tagsOf are what is known of a run otherwise.
func tagsOf(s Set, r results.Row) map[string]string {
	out := map[string]string{"mlflow.runName": r.Run, "mlflow.source.name": "assay", "mlflow.source.type": "LOCAL", "mlflow.user": "assay", "assay.run": r.Run, "assay.site": s.Site,
		"assay.revision": r.Revision, "assay.valid": strconv.FormatBool(r.Valid), "assay.simulated": strconv.FormatBool(r.Simulated), "assay.reasons": reasons(r),
		"assay.job_id": r.JobID, "assay.nodes": strings.Join(r.Nodes, ","), "assay.deployment": r.Deployment, "mlflow.source.git.commit": r.Commit}
	for name, v := range r.Versions {
		out["version."+name] = v
	}
	for name, v := range r.Host {
		out["host."+name] = v
	}
	maps.DeleteFunc(out, func(_, v string) bool { return v == "" })
	return out
}

// mlflowExperiment is an id as MLflow's are: digits, and always the same for a name.
func mlflowExperiment(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name)) // it never fails
	return strconv.FormatUint(100_000_000_000_000_000+h.Sum64()%800_000_000_000_000_000, 10)
}

// runID is always the same for a run: 32 hexadecimal digits.
func runID(s Set, r results.Row) string {
	sum := sha256.Sum256([]byte(s.Experiment + "/" + r.Run))
	return hex.EncodeToString(sum[:16])
}

var mlflowBad = regexp.MustCompile(`[^A-Za-z0-9_.\- ]`)

// mlflowName is a name with the characters that MLflow takes.
func mlflowName(name string) string { return mlflowBad.ReplaceAllString(name, "_") }

// span is when the first run began and the last one ended.
func span(rows []results.Row) (first, last time.Time) {
	if len(rows) == 0 {
		return first, last
	}
	first = slices.MinFunc(rows, func(a, b results.Row) int { return a.Started.Compare(b.Started) }).Started
	last = slices.MaxFunc(rows, func(a, b results.Row) int { return a.Ended.Compare(b.Ended) }).Ended
	return first, last
}

func (f *folder) yaml(name string, v any) error {
	b, err := v1alpha1.Encode(v)
	if err != nil {
		return err
	}
	return f.text(name, string(b))
}
