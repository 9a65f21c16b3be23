package drivers

import (
	"cmp"
	"path/filepath"
	"strings"
)

// What a result needs so that somebody else can measure the same again. What could not be found out is in Absent, with why.

// Weights name the model whose files a server reads.
type Weights struct {
	Model    string `json:"model"`              // as the server is given it: the name of a repository, or a folder
	Revision string `json:"revision,omitempty"` // that it is to use; empty: the repository's main one
}

// Ref is the file below a hub's cache (HF_HOME) that says which commit of the weights was fetched; it is written last.
func (w Weights) Ref(home string) string {
	return filepath.Join(w.Folder(filepath.Join(home, "hub")), "refs", cmp.Or(w.Revision, "main"))
}

// Folder is where the weights lie in a hub's cache.
func (w Weights) Folder(cache string) string {
	return filepath.Join(cache, "models--"+strings.ReplaceAll(w.Model, "/", "--"))
}

// Ran is what a process really runs, as its agent found out when it started it.
type Ran struct {
	Argv    []string          `json:"argv"`              // words expanded, secrets hidden
	Env     map[string]string `json:"env,omitempty"`     // declared variables, without those that are secrets
	GPUs    []string          `json:"gpus,omitempty"`    // that it was given, by index or UUID; none: all that its job has
	Image   string            `json:"image,omitempty"`   // sha256:… of the image's file, or as podman names it
	Weights string            `json:"weights,omitempty"` // the commit of the weights
	Version string            `json:"version,omitempty"` // as the program prints it
	Absent  map[string]string `json:"absent,omitempty"`  // field -> why it is empty
}

// Startup is what it took from when a server was wanted until it was Ready for the first time. Weights and Compile are parts of
// Serve, in the server's own words; 0: it said nothing.
type Startup struct {
	Failed  Seconds `json:"failed,omitempty"` // starts that ended before it was Ready, and the waits after them
	Prepare Seconds `json:"prepare"`          // until the server was started: its version, its image, the Ray cluster under it
	Serve   Seconds `json:"serve"`            // from then until its probes passed
	Weights Seconds `json:"weights,omitempty"`
	Compile Seconds `json:"compile,omitempty"`
}

// Total is all of it.
func (s Startup) Total() Seconds { return s.Failed + s.Prepare + s.Serve }

// Server is a process of the target of a run.
type Server struct {
	Name string `json:"name"` // of the process
	Node string `json:"node"` // the first of its job
	Ran
}

// Meter is where the counters of a node of the target are.
type Meter struct {
	Node string   `json:"node"`
	URL  string   `json:"url"`
	GPUs []string `json:"gpus,omitempty"` // of the target there, by index or UUID; none: all
}

// Node is a machine that a result was measured on.
type Node struct {
	Name   string            `json:"name"`
	Kernel string            `json:"kernel,omitempty"`
	CPU    string            `json:"cpu,omitempty"`  // its model
	CPUs   int               `json:"cpus,omitempty"` // logical ones
	GPUs   []GPU             `json:"gpus,omitempty"`
	Absent map[string]string `json:"absent,omitempty"` // field -> why it is empty
}

// GPU is one card.
type GPU struct {
	Index  string `json:"index"`
	UUID   string `json:"uuid"`
	Model  string `json:"model,omitempty"`
	Driver string `json:"driver,omitempty"`
}

// Inputs is what decides the bytes that a run sent, apart from its request.
type Inputs struct {
	Tag           string     `json:"tag,omitempty"`           // begins every prompt of the run
	WordsPerToken float64    `json:"wordsPerToken,omitempty"` // by which prompts of made-up words get their length
	Overhead      float64    `json:"overhead,omitempty"`      // tokens of a prompt besides its words
	Words         []string   `json:"words,omitempty"`         // that prompts are made of
	Exact         bool       `json:"exact,omitempty"`         // the server's own tokenizer counted them
	Dialect       string     `json:"dialect,omitempty"`       // in which constraints were sent
	Files         []DataFile `json:"files,omitempty"`         // that were read
	Requests      int        `json:"requests,omitempty"`
	// SHA256 is of the bodies of all measured requests, each with its number; of a vector run of the vectors, those that are
	// added later and the queries, each preceded by how many there are and their dimension, as little-endian float32.
	SHA256 string `json:"sha256,omitempty"`
}

// DataFile is a data set's file.
type DataFile struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}
