package v1alpha1

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Remedies that several names share.
const (
	hintGPUs     = "write resources: {gpusPerNode: …}"
	hintTime     = "write resources: {time: 2h}"
	hintProbe    = "write process: {probe: /PATH}; how often it is asked is live, and how long a start may take ready.within"
	hintBinds    = "write binds: [SRC:DST:ro]"
	hintCommand  = "write process: {command: [PROGRAM, ARGUMENT, …]}"
	hintKind     = "the kind of a service is the name of a field: write vllm: {model: …}, chroma: {} or process: {command: […]}"
	hintSuite    = "the suite of a benchmark is the name of a field: write serving: {dataset: json}, vector: {} or storage: {}"
	hintSite     = "it is a fact of the cluster: write it in the spec of its Site"
	hintResource = "a job gets what it asks for: write gpusPerNode, cpusPerNode and memoryPerNode"
	hintComment  = "write it as a comment, behind #"
)

// habits are names that other programs have for something, by the type of the mapping in which they are written: what to write
// instead. No name is an alias: what assay reads has one name.
var habits = map[reflect.Type]map[string]string{
	reflect.TypeFor[Experiment](): {"name": "write metadata: {name: …}"},
	reflect.TypeFor[Metadata]():   {"namespace": "remove it: names are of one state directory", "annotations": "write labels", "description": hintComment},
	reflect.TypeFor[ExperimentSpec](): {"template": "write services: [{name: …, process: {command: […]}}]", "containers": "write services: [{name: …, process: {command: […]}}]", "selector": "remove it",
		"account": hintSite, "description": hintComment, "jobs": "write services and benchmarks", "steps": "write services and benchmarks", "tests": "write benchmarks", "matrix": "write sweep: {matrix: …}"},
	reflect.TypeFor[Service](): {"ports": "a process says process.port; other servers get free ports, which assay get services shows", "environment": "write env",
		"containers": hintCommand, "entrypoint": hintCommand, "cmd": hintCommand, "script": hintCommand, "run": hintCommand,
		"volumes": hintBinds, "volumeMounts": hintBinds, "mounts": hintBinds, "healthcheck": hintProbe, "livenessProbe": hintProbe, "readinessProbe": hintProbe, "startupProbe": hintProbe,
		"deploy": "write replicas and resources", "networks": "remove it: a gateway is an address for others, assay proxy one on your machine", "restartPolicy": "write restart: {limit: 5}",
		"nodeSelector": "write resources: {partition: …}", "affinity": "write resources: {partition: …}", "tolerations": "remove it", "serviceAccountName": "remove it: jobs run as you",
		"depends_on": "write dependsOn", "needs": "write dependsOn", "scale": "write replicas", "instances": "write replicas", "type": hintKind, "kind": hintKind, "engine": hintKind,
		"gpus": hintGPUs, "gpu": hintGPUs, "gres": hintGPUs, "cpus": "write resources: {cpusPerNode: …}", "mem": "write resources: {memoryPerNode: …}", "memory": "write resources: {memoryPerNode: …}",
		"walltime": hintTime, "timelimit": hintTime, "ntasks": "write nodes: …", "tasks": "write nodes: …",
		"account": hintSite, "modules": hintSite, "module": hintSite, "sbatch": hintSite, "endpoint": "write external: {url: …, type: vllm, model: …}"},
	reflect.TypeFor[Process](): {"ports": "write port: …", "args": "write all words in command: [PROGRAM, ARGUMENT, …]", "cmd": "write command", "entrypoint": "write command",
		"livenessProbe": "write probe: /PATH", "readinessProbe": "write probe: /PATH", "healthcheck": "write probe: /PATH",
		"volumes": hintBinds + " one level up, beside process", "volumeMounts": hintBinds + " one level up, beside process", "environment": "write env one level up, beside process"},
	reflect.TypeFor[Resources](): {"limits": hintResource, "requests": hintResource, "gpus": "write gpusPerNode", "gpu": "write gpusPerNode", "gres": "write gpusPerNode",
		"cpus": "write cpusPerNode", "cpu": "write cpusPerNode", "cores": "write cpusPerNode", "cpus-per-task": "write cpusPerNode", "mem": "write memoryPerNode", "memory": "write memoryPerNode",
		"walltime": "write time", "timelimit": "write time", "account": hintSite, "exclusive": "write wholeNodes: true in the spec of the Site", "constraint": "write sbatch: [\"--constraint=…\"] in the spec of the Site"},
	reflect.TypeFor[VLLM](): {"tp": "write tensorParallel", "tensor_parallel_size": "write tensorParallel", "pp": "write pipelineParallel", "dp": "write dataParallel", "options": "write args", "flags": "write args"},
	reflect.TypeFor[Benchmark](): {"service": "write target", "services": "write target, or compare: {a: …, b: …}", "type": hintSuite, "kind": hintSuite, "suite": hintSuite,
		"requests": "write serving: {prompts: …}", "users": "write serving: {concurrency: …}", "iterations": "write repeats", "runs": "write repeats", "slo": "write gates: [{metric: ttft.p99, max: 500ms}], or search: {slo: …}",
		"thresholds": "write gates: [{metric: ttft.p99, max: 500ms}]", "assert": "write gates: [{metric: ttft.p99, max: 500ms}]"},
	reflect.TypeFor[Serving](): {"requests": "write prompts", "num_prompts": "write prompts", "numPrompts": "write prompts", "num-prompts": "write prompts", "max_tokens": "write outputTokens", "maxTokens": "write outputTokens",
		"qps": "write rate", "rps": "write rate", "requestRate": "write rate", "request_rate": "write rate", "request-rate": "write rate", "users": "write concurrency", "max_concurrency": "write concurrency", "maxConcurrency": "write concurrency"},
	reflect.TypeFor[Gate](): {"lt": "write max", "lte": "write max", "below": "write max", "threshold": "write max or min", "value": "write max or min", "gt": "write min", "gte": "write min", "above": "write min",
		"name": "write metric", "expr": "write promql", "query": "write promql"},
	reflect.TypeFor[Sweep](): {"parameters": "write matrix", "params": "write matrix", "grid": "write matrix", "values": "write matrix", "include": "write matrix or zip", "points": "write matrix or zip"},
}

// valueHabits are words of other programs for a value that has to be one of a few.
var valueHabits = map[string]string{"openai": "vllm", "sglang": "vllm", "llamacpp": "vllm", "docker": "podman", "enroot": "pyxis"}

// habit is what to write for a name that another program has; "" when it is not one.
func habit(word string, t reflect.Type) string {
	if hint := habits[t][word]; hint != "" {
		return hint
	}
	model := t == reflect.TypeFor[VLLM]() || t == reflect.TypeFor[SGLang]() || t == reflect.TypeFor[LlamaCpp]()
	switch {
	case t == reflect.TypeFor[Sweep]() && strings.Contains(word, "."):
		return "write it below matrix: a path and its values"
	case model && strings.ContainsAny(word, "-_"):
		return "options of the server belong in args: write args: {" + cut(word) + ": …}"
	}
	return ""
}

// valueHint is the hint for a word that should be one of a few.
func valueHint(word string, words []string) string {
	if other := valueHabits[strings.ToLower(word)]; slices.Contains(words, other) {
		return "write " + other
	}
	return near(word, words)
}

// foundFor names what was written, but never the value of a secret.
func foundFor(n *yaml.Node, t reflect.Type) string {
	if t == reflect.TypeFor[Secret]() && n.Kind == yaml.ScalarNode {
		return "text"
	}
	return found(n)
}

// shapeHint is the hint for a value of another form than its type's.
func shapeHint(n *yaml.Node, t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Secret]():
		return "write {env: NAME} or {file: PATH}; never the value itself"
	case t == reflect.TypeFor[Gate](), t == reflect.TypeFor[[]Gate]() && n.Kind == yaml.MappingNode:
		return "write - {metric: ttft.p99, max: 500ms}"
	case t.Kind() == reflect.Slice && n.Kind == yaml.MappingNode && t.Elem().Kind() == reflect.Struct:
		return "begin each one with - name: NAME"
	case t.Kind() == reflect.Slice && n.Kind == yaml.ScalarNode && n.Value != "":
		return "write [" + cut(strings.Join(strings.Fields(n.Value), ", ")) + "]"
	case t == reflect.TypeFor[map[string][]any]():
		return "write services.NAME.FIELD: [VALUE, …] on a line each, without -"
	case t.Kind() == reflect.Map && n.Kind == yaml.SequenceNode:
		return "write NAME: VALUE on a line each, without -"
	case t == reflect.TypeFor[SiteContainer]():
		return "write {runtime: apptainer}"
	case t == reflect.TypeFor[RestartPolicy]():
		return "write {limit: 5}"
	case n.Kind == yaml.ScalarNode && slices.Contains([]reflect.Type{reflect.TypeFor[VLLM](), reflect.TypeFor[SGLang](), reflect.TypeFor[LlamaCpp]()}, t):
		return "write {model: " + cut(n.Value) + "}"
	case t.Kind() == reflect.Struct:
		names := slices.Sorted(maps.Keys(fieldsOf(t)))
		return "its fields are " + strings.Join(names[:min(len(names), 8)], ", ")
	}
	return ""
}
