package v1alpha1

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Backends of a vLLM server on several nodes.
const (
	BackendAuto = "auto"
	BackendMP   = "mp"
	BackendRay  = "ray"
)

// RanksLeast is the first vLLM whose nodes find each other without Ray.
const RanksLeast = "0.12"

// VLLM is a vLLM server, or its simulator when Simulate is set.
type VLLM struct {
	Model            string `json:"model" validate:"required"`
	TensorParallel   int    `json:"tensorParallel,omitempty" validate:"gte=0"`   // default: GPUs per node, shared by the copies of a node
	PipelineParallel int    `json:"pipelineParallel,omitempty" validate:"gte=0"` // default: nodes; 1 with dataParallel
	// DataParallel is how many copies of the model one server has, as many on every node. A copy lies on one node.
	DataParallel   int  `json:"dataParallel,omitempty" validate:"gte=0"`
	ExpertParallel bool `json:"expertParallel,omitempty"` // experts of a mixture are spread over the GPUs
	// LoRA are adapters that are served together with the model: name -> folder, or repository of a hub.
	LoRA        map[string]string `json:"lora,omitempty"`
	Speculative *Speculative      `json:"speculative,omitempty"`
	KVTransfer  *KVTransfer       `json:"kvTransfer,omitempty"`
	// Offline has the server read the weights that `assay pull` fetched, and ask no hub: it does not start without them.
	Offline bool `json:"offline,omitempty"`
	// Backend is how several nodes work together: mp (vLLM's own ranks, from 0.12 on), ray, or auto: by the version in the image's
	// tag, else by what `vllm --version` says on the node. Default auto; ray where ray or insecure is given.
	Backend string `json:"backend,omitempty" validate:"omitempty,oneof=auto mp ray"`
	// Args are options of `vllm serve` without the dashes: true is a bare flag, false is --no-NAME,
	// a list is one flag with its values after it, an object is passed as JSON.
	Args    map[string]any `json:"args,omitempty"`
	Command []string       `json:"command,omitempty"` // default [vllm, serve]
	Ray     []string       `json:"ray,omitempty"`     // default [ray]; starts the cluster of a server with the backend ray
	// Insecure allows a Ray older than 2.52 for a server on several nodes. Such a Ray asks for no token, so every user of the
	// cluster can then run programs as you.
	Insecure bool      `json:"insecure,omitempty"`
	Simulate *Simulate `json:"simulate,omitempty"`
}

// Speculative is how a server guesses tokens ahead.
type Speculative struct {
	Method string `json:"method,omitempty"`               // of vLLM: ngram, eagle3, mtp …; default: that of the draft model
	Model  string `json:"model,omitempty"`                // that drafts
	Tokens int    `json:"tokens" validate:"gte=1,lte=64"` // that are guessed at a time
}

// KVTransfer is how a server exchanges keys and values with others.
type KVTransfer struct {
	Connector string `json:"connector" validate:"required"`                                             // of vLLM: NixlConnector, LMCacheConnectorV1 …
	Role      string `json:"role,omitempty" validate:"omitempty,oneof=kv_producer kv_consumer kv_both"` // default kv_both
}

// ownArgs are the options of vllm serve that assay sets itself, with a hint for each.
var ownArgs = map[string]string{
	"host":                         "assay chooses the address",
	"port":                         "assay allocates the port",
	"model":                        "write it as vllm.model",
	"tensor-parallel-size":         "write it as vllm.tensorParallel",
	"pipeline-parallel-size":       "write it as vllm.pipelineParallel",
	"distributed-executor-backend": "write it as vllm.backend",
	"nnodes":                       "it follows from nodes",
	"node-rank":                    "it follows from nodes",
	"headless":                     "it follows from nodes",
	"master-addr":                  "assay chooses the address",
	"master-port":                  "assay allocates the port",
	"data-parallel-size":           "write it as vllm.dataParallel",
	"data-parallel-size-local":     "it follows from vllm.dataParallel and nodes",
	"data-parallel-start-rank":     "it follows from vllm.dataParallel and nodes",
	"data-parallel-address":        "assay chooses the address",
	"data-parallel-rpc-port":       "assay allocates the port",
	"api-key":                      "a key has no place in a command line: declare a secret called VLLM_API_KEY",
}

// typedArg is the field that sets an option of vllm serve; "" when none does.
func (v VLLM) typedArg(name string) string {
	switch CanonicalArg(name) {
	case "enable-expert-parallel":
		return given(v.ExpertParallel, "vllm.expertParallel")
	case "enable-lora", "lora-modules":
		return given(len(v.LoRA) > 0, "vllm.lora")
	case "speculative-config":
		return given(v.Speculative != nil, "vllm.speculative")
	case "kv-transfer-config":
		return given(v.KVTransfer != nil, "vllm.kvTransfer")
	}
	return ""
}

func given(is bool, field string) string {
	if is {
		return field
	}
	return ""
}

// CanonicalArg is the name of an option of a server as its parser reads it, to which max_model_len is max-model-len.
func CanonicalArg(name string) string { return strings.ReplaceAll(name, "_", "-") }

// OwnArg reports whether assay sets an option of vllm serve itself, so that vllm.args cannot have it, and what to write
// instead.
func OwnArg(name string) (hint string, own bool) {
	hint, own = ownArgs[CanonicalArg(name)]
	return hint, own
}

func defaultVLLM(site Site, s Service, gpus int) *VLLM {
	v, nodes := *s.VLLM, *s.Nodes
	if v.DataParallel > 1 {
		v.PipelineParallel = cmp.Or(v.PipelineParallel, 1)
		v.TensorParallel = cmp.Or(v.TensorParallel, gpus/max((v.DataParallel+nodes-1)/nodes, 1)/v.PipelineParallel, 1)
	}
	v.PipelineParallel = cmp.Or(v.PipelineParallel, pipeline(v, nodes, gpus))
	v.TensorParallel = cmp.Or(v.TensorParallel, gpus, 1)
	if nodes > 1 && v.Simulate == nil {
		v.Backend = backend(site, s)
	}
	if v.Simulate != nil {
		sim := *v.Simulate
		sim.TTFT = cmp.Or(sim.TTFT, Duration(50*time.Millisecond))
		sim.ITL = cmp.Or(sim.ITL, Duration(10*time.Millisecond))
		sim.MaxRunning = cmp.Or(sim.MaxRunning, 256)
		v.Simulate = &sim
	}
	return &v
}

// pipeline is one stage a node, unless the tensors are spread over several nodes already.
func pipeline(v VLLM, nodes, gpus int) int {
	if gpus > 0 && v.TensorParallel > gpus {
		return max(nodes*gpus/v.TensorParallel, 1)
	}
	return nodes
}

var tagVersion = regexp.MustCompile(`^v?(\d+)\.(\d+)`)

// backend is what the manifest says, or what follows from the version in the image's tag. A revision of an older assay has none.
func backend(site Site, s Service) string {
	v := s.VLLM
	switch {
	case v.Backend != "" && v.Backend != BackendAuto:
		return v.Backend
	case len(v.Ray) > 0 || v.Insecure:
		return BackendRay
	case v.DataParallel > 1:
		return BackendMP
	case !site.Spec.Container.Runs():
		return BackendAuto
	}
	ref, _ := s.ImageOf("")
	image, err := ParseImage(ref)
	found := tagVersion.FindStringSubmatch(image.Tag)
	if err != nil || found == nil {
		return BackendAuto
	}
	major, _ := strconv.Atoi(found[1]) // digits only
	minor, _ := strconv.Atoi(found[2])
	if major == 0 && minor < 12 {
		return BackendRay
	}
	return BackendMP
}

func (c *checker) vllm(path string, s Service) {
	v, nodes, gpus := s.VLLM, *s.Nodes, *s.Resources.GPUsPerNode
	c.modelName(path+".vllm.model", v.Model)
	c.offline(path+".vllm.offline", v.Offline, v.Model)
	c.command(path+".vllm.command", v.Command)
	c.command(path+".vllm.ray", v.Ray)
	c.parallel(path, *v, nodes, gpus)
	for name, value := range v.Args {
		hint, own := OwnArg(name)
		if field := v.typedArg(name); field != "" {
			hint, own = field+" sets it: remove one", true
		}
		c.arg(path+".vllm.args["+name+"]", name, value, hint, own)
	}
	for name, adapter := range v.LoRA {
		if !argName.MatchString(name) || strings.ContainsAny(adapter, "\n\t") || adapter == "" {
			c.bad(path+".vllm.lora["+name+"]", "must be a name and the folder or repository of an adapter", "")
		}
	}
	if v.Backend == BackendRay && v.DataParallel > 1 && nodes > 1 {
		c.bad(path+".vllm.backend", "copies on several nodes find each other without Ray", "remove it")
	}
	if v.Backend == BackendMP && (len(v.Ray) > 0 || v.Insecure) {
		c.bad(path+".vllm.backend", "mp starts no Ray, and ray or insecure is given", "remove one of them")
	}
}

// parallel checks that the model has a shard for every GPU of the allocation. Without GPUs there is nothing to compare.
func (c *checker) parallel(path string, v VLLM, nodes, gpus int) {
	tp, pp := v.TensorParallel, v.PipelineParallel
	shards := fmt.Sprintf("tensorParallel %d x pipelineParallel %d", tp, pp)
	at := path + ".vllm.tensorParallel"
	if d := v.DataParallel; d > 1 {
		copies := (d + nodes - 1) / nodes
		switch {
		case d%nodes != 0:
			c.bad(path+".vllm.dataParallel", fmt.Sprintf("%d copies cannot be spread evenly over %d nodes", d, nodes), fmt.Sprintf("write a multiple of %d", nodes))
		case gpus > 0 && v.Simulate == nil && copies*tp*pp > gpus:
			c.bad(path+".vllm.dataParallel", fmt.Sprintf("%d copies of a node with %s each need %d GPUs, and it has %d", copies, shards, copies*tp*pp, gpus), "lower one, or raise nodes or resources.gpusPerNode")
		}
		return
	}
	switch {
	case gpus == 0 || v.Simulate != nil && tp <= nodes*gpus:
	case tp*pp > nodes*gpus:
		c.bad(at, fmt.Sprintf("%s needs %d GPUs, but nodes x gpusPerNode is %d x %d", shards, tp*pp, nodes, gpus), "lower one, or raise nodes or resources.gpusPerNode")
	case tp*pp <= (nodes-1)*gpus:
		c.bad(at, fmt.Sprintf("%s needs %d GPUs, and of %d nodes with %d each at least one would stand idle", shards, tp*pp, nodes, gpus), "lower nodes, or raise pipelineParallel")
	case tp > gpus && tp%gpus != 0:
		c.bad(at, fmt.Sprintf("%d is not a multiple of the %d GPUs per node, over which it is spread", tp, gpus), "")
	}
}
