package main

import (
	"bytes"
	"crypto/sha256"
	encoding "encoding/binary"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"assay/drivers"
)

// TestReproducible reads run.json of a run of each suite, field by field: what somebody needs who wants to measure the same
// again is there, or why it is not. The GPU is what a stand-in for nvidia-smi says.
func TestReproducible(t *testing.T) {
	beside(t, 40*time.Second)
	w := newTestWorld(t, "PATH="+gpuStandin(t)+":"+standins(t))
	prompts := w.write("prompts.jsonl", `{"prompt": "one"}`+"\n"+`{"prompt": "two"}`+"\n")
	vectors, queries := vectorFile(w, "v.fvecs", 60), vectorFile(w, "q.fvecs", 20)
	w.must("apply", "-f", w.write("facts.yaml", `apiVersion: assay/v1alpha1
kind: Experiment
metadata: {name: facts}
spec:
  site: local
  services:
    - {name: llm, vllm: {model: org/tiny, simulate: {ttft: 2ms, itl: 1ms}}, env: {OMP_NUM_THREADS: "1"}}
    - {name: docs, chroma: {}}
    - {name: io, lustre: {path: `+t.TempDir()+`}}
  benchmarks:
    - {name: random, target: llm, retryInvalid: 0, serving: {dataset: random, prompts: 20, inputTokens: 30, outputTokens: 8, concurrency: 4, seed: 5}}
    - {name: rows, target: llm, retryInvalid: 0, serving: {dataset: custom, file: `+prompts+`, prompts: 2, outputTokens: 8, concurrency: 1, seed: 5}}
    - {name: made, target: docs, retryInvalid: 0, vector: {vectors: 100, dimension: 4, queries: 10, topK: 5, concurrency: [2], duration: 1s, seed: 5}}
    - {name: read, target: docs, retryInvalid: 0, vector: {file: `+vectors+`, queryFile: `+queries+`, topK: 5, concurrency: [2], duration: 1s, seed: 5}}
    - {name: disk, target: io, retryInvalid: 0, storage: {engine: native, tasksPerNode: 2, stonewall: 1s}}
`), "--timeout", "4m")
	runs := map[string]runFile{}
	for _, r := range w.status("facts").Runs {
		b, err := os.ReadFile(filepath.Join(r.Dir, "run.json"))
		var f runFile
		if err == nil {
			err = json.Unmarshal(b, &f)
		}
		if err != nil || f.Result == nil || f.Result.Error != "" || f.Request == nil {
			t.Fatalf("%s: %v %s %+v", r.ID, err, b, r.Conditions)
		}
		runs[r.Benchmark] = f
	}
	for name, r := range runs {
		r.everywhere(t, name)
	}
	random, rows := runs["random"], runs["rows"]
	in := random.Result.Inputs
	says(t, "random", map[string]bool{
		"prompt tag": in.Tag != "", "words per token": in.WordsPerToken > 0, "words": len(in.Words) > 0, "hash of the requests": in.Requests == 20 && len(in.SHA256) == 64,
		"seed": random.Request.Serving.Seed == 5 && random.Request.Seed == 5, "arguments of the benchmark": random.Request.Serving.InputTokens == 30,
		"version of the engine": random.Result.Versions["server"] != "", "model": random.Request.Model == "org/tiny",
	})
	llm := random.Request.Servers[0]
	says(t, "random", map[string]bool{
		"weights": given(llm.Absent, "weights", llm.Weights), "environment": llm.Env["OMP_NUM_THREADS"] == "1",
	})
	files(t, "rows", rows.Result.Inputs, prompts)
	made, read := runs["made"], runs["read"]
	for name, r := range map[string]runFile{"made": made, "read": read} {
		says(t, name, map[string]bool{
			"Chroma's release": strings.Contains(r.Result.Versions["chroma"], "chroma"), "its interface": r.Result.Versions["chroma_api"] != "",
			"hash of the vectors": r.Result.Inputs != nil && len(r.Result.Inputs.SHA256) == 64, "seed": r.Request.Vector.Seed == 5 && r.Request.Seed == 5,
		})
	}
	files(t, "read", read.Result.Inputs, vectors, queries)
	if disk := runs["disk"]; disk.Result.FileSystem == nil || disk.Result.Versions["engine"] != "native" || disk.Request.Directory == "" || disk.Request.Storage.TasksPerNode != 2 {
		t.Errorf("disk: %+v", disk)
	}
	w.delete("facts")
}

// runFile is run.json as far as it is about what was measured.
type runFile struct {
	Revision string
	Point    map[string]string
	Request  *drivers.SuiteRequest
	Result   *drivers.SuiteResult
}

// everywhere checks what results of every suite have in common.
func (r runFile) everywhere(t *testing.T, name string) {
	t.Helper()
	res := r.Result
	says(t, name, map[string]bool{
		"revision": r.Revision != "" && r.Request.Revision == r.Revision, "version of assay": res.Versions["assay"] != "",
		"window on the wall clock": res.Window != nil, "client": len(res.Clients) == 1,
	})
	own := res.Clients[0]
	says(t, name, map[string]bool{
		"client's name": own.Name == res.Host["node"], "client's kernel": given(own.Absent, "kernel", own.Kernel), "client's CPU": given(own.Absent, "cpu", own.CPU), "client's CPUs": own.CPUs > 0,
	})
	if r.Request.Storage != nil {
		return // its target is a folder
	}
	if len(res.Nodes) != 1 || len(r.Request.Servers) == 0 {
		t.Fatalf("%s: nodes %+v, servers %+v", name, res.Nodes, r.Request.Servers)
	}
	n, server := res.Nodes[0], r.Request.Servers[0]
	says(t, name, map[string]bool{
		"kernel": given(n.Absent, "kernel", n.Kernel), "CPU": given(n.Absent, "cpu", n.CPU), "CPUs": n.CPUs > 0,
		"GPU by model and UUID, and its driver": len(n.GPUs) == 1 && n.GPUs[0] == drivers.GPU{Index: "0", UUID: "GPU-1", Model: "NVIDIA H100", Driver: "550.90.07"},
		"arguments of the server":               len(server.Argv) > 1, "its version": given(server.Absent, "version", server.Version), "digest of its image": given(server.Absent, "image", server.Image),
	})
}

// given reports whether a field is there, or why it is not.
func given(absent map[string]string, field, value string) bool {
	return (value == "") != (absent[field] == "")
}

func says(t *testing.T, run string, fields map[string]bool) {
	t.Helper()
	for field, is := range fields {
		if !is {
			t.Errorf("run.json of %s does not say: %s", run, field)
		}
	}
}

// files checks that data sets are named by their hash.
func files(t *testing.T, run string, in *drivers.Inputs, paths ...string) {
	t.Helper()
	if in == nil || len(in.Files) != len(paths) {
		t.Fatalf("run.json of %s does not name its data sets: %+v", run, in)
	}
	for i, path := range paths {
		b, err := os.ReadFile(path)
		sum := sha256.Sum256(b)
		if got := in.Files[i]; err != nil || got.Path != path || got.SHA256 != hex.EncodeToString(sum[:]) || got.Bytes != int64(len(b)) {
			t.Errorf("run.json of %s says %+v of %s: %v", run, got, path, err)
		}
	}
}

// gpuStandin is a folder with an nvidia-smi that shows one card.
func gpuStandin(t *testing.T) string {
	dir := t.TempDir()
	script := "#!/bin/sh\necho '0, GPU-1, NVIDIA H100, 550.90.07, Disabled, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x1, 5, 16, 0, 0'\n"
	if err := os.WriteFile(filepath.Join(dir, "nvidia-smi"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// vectorFile writes so many vectors of four numbers.
func vectorFile(w *testWorld, name string, rows int) string {
	var b bytes.Buffer
	for i := range rows {
		_ = encoding.Write(&b, encoding.LittleEndian, int32(4)) // a buffer takes every write
		_ = encoding.Write(&b, encoding.LittleEndian, []float32{float32(i % 7), float32(i % 5), float32(i % 11), float32(i)})
	}
	return w.write(name, b.String())
}
