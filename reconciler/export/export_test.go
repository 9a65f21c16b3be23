package export

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"google.golang.org/protobuf/encoding/protowire"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/redact"
	"assay/reconciler/results"
)

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// set is three runs at two points: a valid one with requests, an invalid one, and a vector run; and the answer of a search.
func set(t *testing.T) Set {
	t.Helper()
	dir := t.TempDir()
	row := func(i int, benchmark string, valid bool, metrics map[string]float64, files ...string) results.Row {
		id := fmt.Sprintf("%s-%d-abcd", benchmark, i)
		r := results.Row{Experiment: "e", Benchmark: benchmark, Point: map[string]string{"services.llm.nodes": fmt.Sprint(i)}, Repeat: i, Seed: 7, Run: id, Revision: "0123456789ab", Phase: v1alpha1.RunComplete,
			Valid: valid, Simulated: true, Started: start.Add(time.Duration(i) * time.Minute), Ended: start.Add(time.Duration(i)*time.Minute + 30*time.Second), JobID: "17", Nodes: []string{"n1", "n2"},
			Metrics: metrics, Versions: map[string]string{"server": "0.12\n\"x\""}, Files: files, Dir: filepath.Join(dir, id)}
		if !valid {
			r.Reasons = []drivers.Reason{{Reason: "ClientBusy", Message: "no"}}
		}
		for _, name := range append([]string{drivers.ResultFile}, files...) {
			text := `{"completed": 2, "generated_texts": ["stored-secret"]}`
			if name == samplesFile {
				text = zipped(t, `{"i":0,"due_ms":0,"sent_ms":1.5,"sent_unix_ns":1767225600000000000,"late_ms":0.1,"ttft_ms":10.5,"e2el_ms":20,"in":5,"out":7,"chunks":7,"structured":true,"verdict":"compliant","outcome":"ok"}`+"\n"+
					`{"i":1,"due_ms":2,"sent_ms":2,"sent_unix_ns":1767225600001000000,"late_ms":0,"structured":false,"outcome":"timeout"}`+"\n")
			}
			if err := errors.Join(os.MkdirAll(r.Dir, 0o700), os.WriteFile(filepath.Join(r.Dir, name), []byte(text), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		return r
	}
	return Set{Experiment: "e", Generation: 2, Revision: "0123456789ab", Site: "local", Labels: map[string]string{"purpose": "x"}, Secrets: redact.Of("stored-secret"), Rows: []results.Row{
		row(1, "q", true, map[string]float64{"ttft_p99.9_ms": 12.5, "completed": 2}, "benchmark_m_n2.json", samplesFile),
		row(2, "q", false, map[string]float64{"completed": 1}, "benchmark_m_n1.json"),
		row(3, "search", true, map[string]float64{"query_qps": 900}),
		{Benchmark: "q", Run: "found", Search: &v1alpha1.SearchStatus{}, Metrics: map[string]float64{"capacity": 3}}}}
}

func zipped(t *testing.T, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// exported is a folder with a format, written twice: the second time replaces what the first wrote.
func exported(t *testing.T, format string) (dir string, made Made) {
	t.Helper()
	dir, s := t.TempDir(), set(t)
	for range 2 {
		var err error
		if made, err = Write(t.Context(), format, dir, s); err != nil {
			t.Fatal(err)
		}
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files++
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte("stored-secret")) {
			t.Errorf("%s shows a stored secret", path)
		}
		return err
	})
	if err != nil || files != made.Files || made.Runs != 3 {
		t.Errorf("%d files, and %+v, %v", files, made, err)
	}
	return dir, made
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestParquet reads both files back.
func TestParquet(t *testing.T) {
	dir, _ := exported(t, "parquet")
	type run struct {
		Run     string    `parquet:"run,optional"`
		Valid   bool      `parquet:"valid,optional"`
		Repeat  int64     `parquet:"repeat,optional"`
		Point   string    `parquet:"point,optional"`
		Nodes   *string   `parquet:"point.services.llm.nodes,optional"`
		Reasons string    `parquet:"reasons,optional"`
		Started time.Time `parquet:"started,optional,timestamp(microsecond)"`
		TTFT    *float64  `parquet:"ttft_p99.9_ms,optional"`
		QPS     *float64  `parquet:"query_qps,optional"`
	}
	runs, err := parquet.ReadFile[run](filepath.Join(dir, "runs.parquet"))
	if err != nil || len(runs) != 3 {
		t.Fatalf("%d runs, %v", len(runs), err)
	}
	nodes, ttft, qps := "1", 12.5, 900.0
	if diff := cmp.Diff(run{"q-1-abcd", true, 1, "services.llm.nodes=1", &nodes, "", start.Add(time.Minute), &ttft, nil}, runs[0]); diff != "" {
		t.Error(diff)
	}
	if runs[1].Valid || runs[1].Reasons != "ClientBusy" || runs[1].TTFT != nil || !reflect.DeepEqual(runs[2].QPS, &qps) {
		t.Errorf("%+v", runs[1:])
	}
	samples, err := parquet.ReadFile[request](filepath.Join(dir, "samples.parquet"))
	if err != nil || len(samples) != 2 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	if s := samples[0]; s.Run != "q-1-abcd" || *s.TTFT != 10.5 || *s.Out != 7 || *s.Verdict != "compliant" || s.SentAt != start.UnixMicro() {
		t.Errorf("%+v", s)
	}
	if s := samples[1]; s.Index != 1 || s.TTFT != nil || s.Out != nil || s.Verdict != nil || s.Outcome != "timeout" {
		t.Errorf("%+v", s)
	}
}

// TestOpenMetrics parses the file as Prometheus does.
func TestOpenMetrics(t *testing.T) {
	dir, _ := exported(t, "openmetrics")
	p, err := textparse.New([]byte(read(t, dir, "results.om")), "application/openmetrics-text; version=1.0.0", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for {
		kind, err := p.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if kind != textparse.EntrySeries {
			continue
		}
		var l labels.Labels
		_, at, v := p.Series()
		p.Labels(&l)
		if at == nil {
			t.Fatalf("%s has no time", l)
		}
		got[fmt.Sprintf("%s %s %s %s %d", l.Get("__name__"), l.Get("run"), l.Get("metric"), l.Get("valid"), *at)] = v
	}
	for want, v := range map[string]float64{
		fmt.Sprintf("assay_run_metric q-1-abcd ttft_p99.9_ms true %d", start.Add(90*time.Second).UnixMilli()): 12.5,
		fmt.Sprintf("assay_run_metric q-2-abcd completed false %d", start.Add(150*time.Second).UnixMilli()):   1,
		fmt.Sprintf("assay_run_info search-3-abcd  true %d", start.Add(210*time.Second).UnixMilli()):          1,
	} {
		if got[want] != v {
			t.Errorf("%q is %v, want %v, in %v", want, got[want], v, got)
		}
	}
	if got[fmt.Sprintf("assay_metric_info  completed  %d", start.Add(210*time.Second).UnixMilli())] != 1 {
		t.Errorf("no unit of completed in %v", got)
	}
}

// TestVLLM: of valid serving runs alone, as they were, without secrets.
func TestVLLM(t *testing.T) {
	dir, made := exported(t, "vllm")
	var r struct {
		Completed int      `json:"completed"`
		Texts     []string `json:"generated_texts"`
	}
	if err := json.Unmarshal([]byte(read(t, dir, "q-1-abcd_benchmark_m_n2.json")), &r); err != nil || r.Completed != 2 || r.Texts[0] != redact.Mark {
		t.Errorf("%+v, %v", r, err)
	}
	if made.Files != 1 || len(made.Notes) != 2 || !strings.HasPrefix(made.Notes[0], "1 run(s) that are not valid") {
		t.Errorf("%+v", made)
	}
}

// TestMLflow: every file is where FileStore looks for it, in its form.
func TestMLflow(t *testing.T) {
	dir, _ := exported(t, "mlflow")
	metas, err := filepath.Glob(filepath.Join(dir, "mlruns", "*", "meta.yaml"))
	if err != nil || len(metas) != 1 {
		t.Fatalf("%q, %v", metas, err)
	}
	root := filepath.Dir(metas[0])
	if got := read(t, metas[0]); !strings.Contains(got, "name: e\n") || !strings.Contains(got, `experiment_id: "`+filepath.Base(root)+`"`) || !strings.Contains(got, "lifecycle_stage: active") {
		t.Error(got)
	}
	s := set(t)
	run := filepath.Join(root, runID(s, s.Rows[0]))
	for name, want := range map[string]string{"metrics/ttft_p99.9_ms": fmt.Sprintf("%d 12.5 0\n", start.Add(90*time.Second).UnixMilli()), "params/point.services.llm.nodes": "1", "params/seed": "7",
		"tags/mlflow.runName": "q-1-abcd", "tags/assay.simulated": "true", "tags/assay.valid": "true"} {
		if got := read(t, run, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := read(t, run, "meta.yaml"); !strings.Contains(got, "status: 3\n") || !strings.Contains(got, "run_name: q-1-abcd\n") || !strings.Contains(got, "/artifacts\n") {
		t.Error(got)
	}
	if got := read(t, run, "artifacts", "benchmark_m_n2.json"); !strings.Contains(got, redact.Mark) {
		t.Error(got)
	}
	if got := read(t, root, runID(s, s.Rows[1]), "tags", "assay.valid"); got != "false" {
		t.Errorf("an invalid run is tagged %q", got)
	}
}

// logRecords reads a log of W&B's back: pieces, sums, padding.
func logRecords(t *testing.T, b []byte) (out [][]byte) {
	t.Helper()
	if !bytes.HasPrefix(b, wandbBegin) {
		t.Fatalf("it begins with %q", b[:7])
	}
	var record []byte
	for at := len(wandbBegin); at < len(b); {
		if left := wandbBlock - at%wandbBlock; left < wandbHead {
			at += left
			continue
		}
		n := int(b[at+4]) | int(b[at+5])<<8
		l := newWandbLog(io.Discard)
		var again bytes.Buffer
		l.w.Reset(&again)
		l.piece(b[at+wandbHead:at+wandbHead+n], int(b[at+6]))
		if err := l.close(); err != nil || !bytes.Equal(again.Bytes(), b[at:at+wandbHead+n]) {
			t.Fatalf("the piece at %d has another sum: %v", at, err)
		}
		record = append(record, b[at+wandbHead:at+wandbHead+n]...)
		if kind := b[at+6]; kind == pieceFull || kind == pieceLast {
			out, record = append(out, record), nil
		}
		at += wandbHead + n
	}
	return out
}

// TestWandB: the log has its records in order, and the files say the same.
func TestWandB(t *testing.T) {
	dir, _ := exported(t, "wandb")
	logs, err := filepath.Glob(filepath.Join(dir, "wandb", "offline-run-20260101_000100-*", "run-*.wandb"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%q, %v", logs, err)
	}
	var kinds []int
	for _, r := range logRecords(t, []byte(read(t, logs[0]))) {
		_, _, n := protowire.ConsumeField(r) // its number
		field, _, _ := protowire.ConsumeTag(r[n:])
		kinds = append(kinds, int(field))
	}
	if want := []int{recordHeader, recordRun, recordFiles, recordSummary, recordHistory, recordExit}; !slices.Equal(kinds, want) {
		t.Errorf("records %v, want %v", kinds, want)
	}
	var summary map[string]float64
	if err := json.Unmarshal([]byte(read(t, filepath.Dir(logs[0]), "files", "wandb-summary.json")), &summary); err != nil || summary["ttft_p99.9_ms"] != 12.5 {
		t.Errorf("%v, %v", summary, err)
	}
	if got := read(t, filepath.Dir(logs[0]), "files", "config.yaml"); !strings.Contains(got, "point.services.llm.nodes:\n  desc: null\n  value: \"1\"\n") {
		t.Error(got)
	}
}

// TestLogsOfSeveralBlocks: records of all lengths around the end of a block come back.
func TestLogsOfSeveralBlocks(t *testing.T) {
	var b bytes.Buffer
	l := newWandbLog(&b)
	var want [][]byte
	for _, n := range []int{wandbBlock - 2*wandbHead - 3, 0, 1, wandbBlock - wandbHead, wandbBlock, 3 * wandbBlock, 5, wandbBlock - 30, 9, 100} {
		r := bytes.Repeat([]byte{byte(n)}, n)
		want = append(want, r)
		l.data(r)
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	got := logRecords(t, b.Bytes())
	if len(got) != len(want) {
		t.Fatalf("%d records, want %d", len(got), len(want))
	}
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("record %d has %d bytes, want %d", i, len(got[i]), len(want[i]))
		}
	}
}

// TestRefused: what cannot be exported is an error that names it.
func TestRefused(t *testing.T) {
	s := set(t)
	if _, err := Write(t.Context(), "xml", t.TempDir(), s); err == nil {
		t.Error("a format that there is not")
	}
	none := s
	none.Rows = none.Rows[1:]
	if made, err := Write(t.Context(), "vllm", t.TempDir(), none); err == nil || made.Files != 0 {
		t.Errorf("no valid serving run: %+v, %v", made, err)
	}
	s.Rows[0].Files = []string{"../../out.json"}
	if _, err := Write(t.Context(), "mlflow", t.TempDir(), s); err == nil {
		t.Error("a file out of the folder of its run")
	}
	s = set(t)
	if err := os.WriteFile(filepath.Join(s.Rows[0].Dir, samplesFile), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Write(t.Context(), "parquet", dir, s); err == nil || !strings.Contains(err.Error(), samplesFile) {
		t.Errorf("samples that are torn: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "samples.parquet")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half of a file was left: %v", err)
	}
}

// TestOtherReaders reads each format with the tool that it is for, where ASSAY_PYTHON names a Python that has pyarrow, mlflow and
// wandb: pip install pyarrow mlflow-skinny==2.20.4 wandb==0.19.11.
func TestOtherReaders(t *testing.T) {
	python := os.Getenv("ASSAY_PYTHON")
	if python == "" {
		t.Skip("ASSAY_PYTHON names no Python with pyarrow, mlflow and wandb")
	}
	for format, program := range map[string]string{
		"parquet": `import pyarrow.parquet as pq
t = pq.read_table(d + "/runs.parquet").to_pylist()
assert [r["run"] for r in t] == ["q-1-abcd", "q-2-abcd", "search-3-abcd"], t
assert t[0]["ttft_p99.9_ms"] == 12.5 and t[1]["ttft_p99.9_ms"] is None and t[0]["started"].minute == 1, t
s = pq.read_table(d + "/samples.parquet").to_pylist()
assert [r["ttft_ms"] for r in s] == [10.5, None] and s[1]["outcome"] == "timeout", s`,
		"mlflow": `import mlflow
mlflow.set_tracking_uri("file://" + d + "/mlruns")
c = mlflow.MlflowClient()
[e] = c.search_experiments()
assert e.name == "e" and e.tags == {"purpose": "x"}, e
runs = {r.info.run_name: r for r in c.search_runs([e.experiment_id])}
assert len(runs) == 3 and runs["q-1-abcd"].data.metrics["ttft_p99.9_ms"] == 12.5 and runs["q-1-abcd"].data.params["seed"] == "7", runs
assert runs["q-1-abcd"].info.status == "FINISHED" and runs["q-2-abcd"].data.tags["assay.valid"] == "false", runs
assert "result.json" in [a.path for a in c.list_artifacts(runs["q-1-abcd"].info.run_id)]`,
		"wandb": `import glob, json
from wandb.sdk.internal.datastore import DataStore
from wandb.proto import wandb_internal_pb2 as pb
[p] = glob.glob(d + "/wandb/offline-run-20260101_000100-*/run-*.wandb")
s, all = DataStore(), []
s.open_for_scan(p)
while (b := s.scan_data()) is not None:
    r = pb.Record()
    r.ParseFromString(b)
    all.append(r)
assert [r.WhichOneof("record_type") for r in all] == ["header", "run", "files", "summary", "history", "exit"], all
assert all[1].run.project == "e" and all[1].run.display_name == "q-1-abcd" and list(all[1].run.tags) == ["simulated"], all[1]
assert {u.key: json.loads(u.value_json) for u in all[3].summary.update}["ttft_p99.9_ms"] == 12.5, all[3]`,
	} {
		dir, _ := exported(t, format)
		if out, err := exec.Command(python, "-c", "import sys\nd = sys.argv[1]\n"+program, dir).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", format, err, out)
		}
	}
}
