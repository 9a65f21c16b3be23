package v1alpha1

import (
	"cmp"
	"fmt"
	"strings"
)

// SGLang is an SGLang server. Its image, at a site that runs containers, is the manifest's word.
type SGLang struct {
	Model          string         `json:"model" validate:"required"`
	TensorParallel int            `json:"tensorParallel,omitempty" validate:"gte=0"` // default: GPUs of all nodes, shared by the copies
	DataParallel   int            `json:"dataParallel,omitempty" validate:"gte=0"`   // copies of the model; default 1
	Args           map[string]any `json:"args,omitempty"`                            // options of sglang.launch_server, as in vllm.args
	Command        []string       `json:"command,omitempty"`                         // default [python3, -m, sglang.launch_server]
	Offline        bool           `json:"offline,omitempty"`                         // as for vllm
}

// LlamaCpp is llama.cpp's server. Its image, at a site that runs containers, is the manifest's word.
type LlamaCpp struct {
	Model   string         `json:"model" validate:"required"` // absolute path of a .gguf file, or REPOSITORY[:QUANT] of Hugging Face
	Name    string         `json:"name,omitempty"`            // under which it is served; default: that of the file or repository
	Args    map[string]any `json:"args,omitempty"`            // options of llama-server, as in vllm.args
	Command []string       `json:"command,omitempty"`         // default [llama-server]
}

// Served is the name under which the model is served: of a file that without its ending, else that of the repository.
func (l LlamaCpp) Served() string {
	name := l.Model[strings.LastIndex(l.Model, "/")+1:]
	name, _, _ = strings.Cut(name, ":")
	return cmp.Or(l.Name, strings.TrimSuffix(name, ".gguf"))
}

// Serves reports whether a service serves a language model under OpenAI's API.
func (s Service) Serves() bool { return s.VLLM != nil || s.SGLang != nil || s.LlamaCpp != nil }

// Revision is that of the weights which the options of a server ask for; empty: they ask for none.
func Revision(args map[string]any) string {
	for name, value := range args {
		if text, ok := value.(string); ok && CanonicalArg(name) == "revision" {
			return text
		}
	}
	return ""
}

// Program is the command line of `vllm serve` without the model.
func (v VLLM) Program() []string { return program(v.Command, "vllm", "serve") }

// Program is the command line of SGLang's server without options.
func (g SGLang) Program() []string {
	return program(g.Command, "python3", "-m", "sglang.launch_server")
}

// Program is the command line of llama.cpp's server without options.
func (l LlamaCpp) Program() []string { return program(l.Command, "llama-server") }

func program(command []string, otherwise ...string) []string {
	if len(command) > 0 {
		return command
	}
	return otherwise
}

// ownOf are the options that assay sets itself, by kind of server.
var ownOf = map[string]map[string]string{
	"sglang": {"host": "assay chooses the address", "port": "assay allocates the port", "model-path": "write it as sglang.model", "model": "write it as sglang.model",
		"tp": "write it as sglang.tensorParallel", "tp-size": "write it as sglang.tensorParallel", "tensor-parallel-size": "write it as sglang.tensorParallel",
		"dp": "write it as sglang.dataParallel", "dp-size": "write it as sglang.dataParallel", "data-parallel-size": "write it as sglang.dataParallel",
		"nnodes": "it follows from nodes", "node-rank": "it follows from nodes", "dist-init-addr": "assay chooses the address", "nccl-init-addr": "assay chooses the address",
		"api-key": "a key has no place in a command line: declare a secret called " + SGLangKey, "enable-metrics": "it is always on"},
	"llamacpp": {"host": "assay chooses the address", "port": "assay allocates the port", "model": "write it as llamacpp.model", "hf-repo": "write it as llamacpp.model",
		"alias": "write it as llamacpp.name", "metrics": "it is always on", "api-key": "a key has no place in a command line: declare a secret called " + LlamaKey,
		"api-key-file": "declare a secret called " + LlamaKey},
}

// OwnOf reports whether assay sets an option of a server of that kind itself, and what to write instead.
func OwnOf(kind, name string) (hint string, own bool) {
	hint, own = ownOf[kind][CanonicalArg(name)]
	return hint, own
}

// defaultModels fills in what model servers leave out.
func defaultModels(site Site, s *Service) {
	gpus := *s.Resources.GPUsPerNode
	switch {
	case s.VLLM != nil:
		if s.Image == "" && s.VLLM.Simulate == nil && site.Spec.Container.Runs() {
			s.Image = currentVLLM
		}
		s.VLLM = defaultVLLM(site, *s, gpus)
	case s.SGLang != nil:
		g := *s.SGLang
		g.TensorParallel = cmp.Or(g.TensorParallel, gpus**s.Nodes/max(g.DataParallel, 1), 1)
		s.SGLang = &g
	}
}

// models checks a service that serves a language model.
func (c *checker) models(path string, s Service) {
	switch {
	case s.VLLM != nil:
		c.vllm(path, s)
	case s.SGLang != nil:
		g, nodes, gpus := s.SGLang, *s.Nodes, *s.Resources.GPUsPerNode
		c.modelName(path+".sglang.model", g.Model)
		c.offline(path+".sglang.offline", g.Offline, g.Model)
		c.command(path+".sglang.command", g.Command)
		if want := g.TensorParallel * max(g.DataParallel, 1); gpus > 0 && want > nodes*gpus {
			c.bad(path+".sglang.tensorParallel", fmt.Sprintf("tensorParallel %d x dataParallel %d needs %d GPUs, but nodes x gpusPerNode is %d x %d",
				g.TensorParallel, max(g.DataParallel, 1), want, nodes, gpus), "lower one, or raise nodes or resources.gpusPerNode")
		}
		c.args(path+".sglang.args", "sglang", g.Args)
	case s.LlamaCpp != nil:
		l := s.LlamaCpp
		c.modelName(path+".llamacpp.model", l.Model)
		c.command(path+".llamacpp.command", l.Command)
		if strings.HasSuffix(l.Model, ".gguf") && !strings.HasPrefix(l.Model, "/") {
			c.bad(path+".llamacpp.model", "the path of a file has to be absolute, found "+brief(l.Model), "write /PATH/TO/FILE.gguf, as the nodes know it")
		}
		if *s.Nodes > 1 {
			c.bad(path+".nodes", "llama.cpp's server runs on one node", "remove it, or write replicas")
		}
		c.args(path+".llamacpp.args", "llamacpp", l.Args)
	}
}

func (c *checker) modelName(path, name string) {
	if strings.ContainsAny(name, "\n\t") {
		c.bad(path, "must be one line, found "+brief(name), "")
	}
	if strings.HasPrefix(name, "./") || strings.HasPrefix(name, "../") || strings.HasPrefix(name, "~") {
		c.bad(path, "a path has to be absolute, as the nodes know it, found "+brief(name), "write /PATH/TO/MODEL, or a repository such as meta-llama/Llama-3.1-8B-Instruct")
	}
}

// offline needs a model of a hub: a folder needs no fetch.
func (c *checker) offline(path string, is bool, model string) {
	if is && isPath(model) {
		c.bad(path, "the model is a path, which is read as it is", "remove it")
	}
}

func (c *checker) args(path, kind string, args map[string]any) {
	for name, value := range args {
		hint, own := OwnOf(kind, name)
		c.arg(path+"["+name+"]", name, value, hint, own)
	}
}

// arg checks one option of a server.
func (c *checker) arg(at, name string, value any, hint string, own bool) {
	switch {
	case strings.HasPrefix(name, "-"):
		c.bad(at, "must be an option without its dashes", "write "+strings.TrimLeft(name, "-"))
	case !argName.MatchString(name):
		c.bad(at, "must be an option's name, found "+brief(name), "")
	case own:
		c.bad(at, "cannot be given here", hint)
	case value == nil:
		c.bad(at, "has no value", "write true for an option that takes none")
	}
}
