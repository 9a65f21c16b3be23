package v1alpha1

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// What a site can trust manifests with that arrive through git. Images, models and numbers need no word of it.
const (
	TrustProcesses = "processes" // commands, variables, and options that can name a program, a module or an address
	TrustSecrets   = "secrets"   // where secrets are read, and to which servers they go
	TrustFiles     = "files"     // paths of the nodes: data sets, binds, models and images as files, directories
)

// SiteTrust is what manifests of others may do. One that is typed on a command line may do what its user may.
type SiteTrust struct {
	Git []string `json:"git,omitempty" validate:"dive,oneof=processes secrets files"` // those of a followed repository; default none
	// PullRequests are what sync --gate may run of a pull request, which people write who cannot commit; default none.
	PullRequests []string `json:"pullRequests,omitempty" validate:"dive,oneof=processes secrets files"`
}

// arrival is how a manifest came.
type arrival int

const (
	typed    arrival = iota // by its user, who may do all of it
	followed                // in a followed repository
	proposed                // in a pull request to one
)

// trusted are the words of a site for an arrival, the field that they are in, and what says so: how it came, and who is not trusted.
func (a arrival) trusted(t SiteTrust) (words []string, field, through, whom string) {
	if a == proposed {
		return t.PullRequests, "pullRequests", "a pull request", "pull requests"
	}
	return t.Git, "git", "git", "git"
}

// plainArgs are the options of vllm serve that take a word and can name no file, program, module or address with it.
var plainArgs = []string{"served-model-name", "revision", "tokenizer-revision", "code-revision", "dtype", "kv-cache-dtype", "quantization", "max-model-len",
	"runner", "task", "convert", "tokenizer-mode", "scheduling-policy", "tool-call-parser", "reasoning-parser", "guided-decoding-backend",
	"structured-outputs-backend", "attention-backend", "mamba-ssm-cache-dtype", "uvicorn-log-level", "response-role", "prefix-caching-hash-algo"}

// foreignCode is the switch that runs code which comes with a model.
const foreignCode = "trust-remote-code"

// need is a place of a manifest that the site has to trust git with.
type need struct{ path, word, what string }

// trust refuses what arrived through git, or in a pull request, and the site has no word for. The hint is the line that would allow all of it.
func (c *checker) trust(site Site, e Experiment) {
	var needs []need
	words, field, through, whom := c.doc.arrival.trusted(site.Spec.Trust)
	add := func(is bool, path, word, what string) {
		if is && !slices.Contains(words, word) {
			needs = append(needs, need{path, word, what})
		}
	}
	for i := range e.Spec.Services {
		serviceNeeds(site, servicePath(i), e.Spec.Services[i], add)
	}
	for i, b := range e.Spec.Benchmarks {
		benchmarkNeeds(fmt.Sprintf("spec.benchmarks[%d]", i), b, add)
	}
	words = slices.Clone(words)
	for _, n := range needs {
		words = append(words, n.word)
	}
	slices.Sort(words)
	line := "trust: {" + field + ": [" + strings.Join(slices.Compact(words), ", ") + "]}"
	for _, n := range needs {
		c.bad(n.path, fmt.Sprintf("arrived through %s, and site %s does not trust %s with %s: %s", through, site.Metadata.Name, whom, n.word, n.what),
			fmt.Sprintf("to allow it, write under spec of the Site %s: %s, and apply its file yourself", site.Metadata.Name, line))
	}
}

func serviceNeeds(site Site, path string, s Service, add func(is bool, path, word, what string)) {
	const program, variables, paths = "it names a program", "variables can make a program load another one", "it names a path"
	add(s.Process != nil, path+".process", TrustProcesses, program)
	add(len(s.Env) > 0, path+".env", TrustProcesses, variables)
	add(s.Image == NoImage && site.Spec.Container.Runs(), path+".image", TrustProcesses, "it runs outside of a container")
	add(strings.HasPrefix(s.Image, "/"), path+".image", TrustFiles, paths)
	for i := range s.Binds {
		add(true, fmt.Sprintf("%s.binds[%d]", path, i), TrustFiles, paths)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		what := "it names a secret"
		if s.External != nil {
			what = "it sends a secret to " + brief(s.External.URL)
		}
		add(true, path+".secrets["+name+"]", TrustSecrets, what)
	}
	add(s.Auth == AuthNone, path+".auth", TrustSecrets, "it opens the server to whoever reaches the node's ports")
	if v := s.VLLM; v != nil {
		add(v.Insecure, path+".vllm.insecure", TrustProcesses, "others could run programs through its Ray")
		add(len(v.Command) > 0, path+".vllm.command", TrustProcesses, program)
		add(len(v.Ray) > 0, path+".vllm.ray", TrustProcesses, program)
		add(isPath(v.Model), path+".vllm.model", TrustFiles, paths)
		for _, name := range keys(v.LoRA) {
			add(isPath(v.LoRA[name]), path+".vllm.lora["+name+"]", TrustFiles, paths)
		}
		add(v.Speculative != nil && isPath(v.Speculative.Model), path+".vllm.speculative.model", TrustFiles, paths)
		add(v.KVTransfer != nil, path+".vllm.kvTransfer", TrustProcesses, "it connects servers with each other")
		for _, name := range slices.Sorted(maps.Keys(v.Args)) {
			add(!plainArg(name, v.Args[name]), path+".vllm.args["+name+"]", TrustProcesses, "it is an option that can name a program, a file or an address")
		}
	}
	if g := s.SGLang; g != nil {
		add(len(g.Command) > 0, path+".sglang.command", TrustProcesses, program)
		add(isPath(g.Model), path+".sglang.model", TrustFiles, paths)
		add(len(g.Args) > 0, path+".sglang.args", TrustProcesses, "options can name a program, a file or an address")
	}
	if l := s.LlamaCpp; l != nil {
		add(len(l.Command) > 0, path+".llamacpp.command", TrustProcesses, program)
		add(isPath(l.Model), path+".llamacpp.model", TrustFiles, paths)
		add(len(l.Args) > 0, path+".llamacpp.args", TrustProcesses, "options can name a program, a file or an address")
	}
	add(s.Chroma != nil && len(s.Chroma.Command) > 0, path+".chroma.command", TrustProcesses, program)
	add(s.Lustre != nil && filepath.IsAbs(s.Lustre.Path), path+".lustre.path", TrustFiles, paths)
	if m := s.Monitors; m != nil {
		add(len(m.Commands) > 0, path+".monitors.commands", TrustProcesses, program)
		for _, name := range keys(m.Images) {
			at := path + ".monitors.images[" + name + "]"
			add(m.Images[name] == NoImage && site.Spec.Container.Runs(), at, TrustProcesses, "it runs outside of a container")
			add(strings.HasPrefix(m.Images[name], "/"), at, TrustFiles, paths)
		}
	}
}

// isPath reports whether the name of a model is a path.
func isPath(model string) bool { return strings.ContainsAny(model[:min(1, len(model))], "/.~") }

// plainArg reports whether an option of vllm serve is a number, a switch or a plain word.
func plainArg(name string, value any) bool {
	name = CanonicalArg(name)
	switch v := value.(type) {
	case bool: // the parser accepts the beginning of a name
		return !v || !strings.HasPrefix(foreignCode, name)
	case float64:
		return true
	case string:
		return slices.Contains(plainArgs, name)
	case []any:
		return !slices.ContainsFunc(v, func(word any) bool { return !plainArg(name, word) })
	}
	return false
}

func benchmarkNeeds(path string, b Benchmark, add func(is bool, path, word, what string)) {
	const paths = "it names a path"
	for i, g := range b.Gates {
		add(strings.HasPrefix(g.Baseline, "file:"), fmt.Sprintf("%s.gates[%d].baseline", path, i), TrustFiles, paths)
	}
	if b.Serving != nil {
		add(b.Serving.File != "", path+".serving.file", TrustFiles, paths)
		for _, name := range keys(b.Serving.SecretHeaders) {
			add(true, path+".serving.secretHeaders["+name+"]", TrustSecrets, "it sends a secret to the server")
		}
	}
	if v := b.Vector; v != nil {
		add(v.File != "", path+".vector.file", TrustFiles, paths)
		add(v.QueryFile != "", path+".vector.queryFile", TrustFiles, paths)
		add(v.TruthFile != "", path+".vector.truthFile", TrustFiles, paths)
	}
	if s := b.Storage; s != nil {
		add(len(s.Command) > 0, path+".storage.command", TrustProcesses, "it names a program")
		add(s.MPI != "", path+".storage.mpi", TrustProcesses, "it names a plugin of srun")
	}
}
