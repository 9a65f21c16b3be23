package sealed

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"assay/drivers"
	"assay/reconciler/plan"
)

// Program is an assay.
type Program struct {
	Version string `json:"version"`
	SHA256  string `json:"sha256"` // of the binary
	Go      string `json:"go"`
}

// Provenance is provenance.json: what the numbers depend on. Equal things are there once; which run has which is in its run.json.
type Provenance struct {
	SealedBy Program             `json:"sealedBy"`
	Origin   drivers.Origin      `json:"origin"`             // of the revision
	Versions map[string][]string `json:"versions,omitempty"` // as the runs found them: assay, the engine, the client
	Servers  []drivers.Server    `json:"servers,omitempty"`  // with image, weights' commit, version and argv
	Nodes    []drivers.Node      `json:"nodes,omitempty"`    // of the targets: kernel, CPU, GPUs with their driver
	Clients  []drivers.Node      `json:"clients,omitempty"`  // of the load
	Hosts    []map[string]string `json:"hosts,omitempty"`    // facts of where the clients ran
	Data     []DataSet           `json:"data,omitempty"`
	Runs     []RunFacts          `json:"runs"`

	FileSystems []drivers.FileSystem `json:"fileSystems,omitempty"` // that storage runs measured
}

// DataSet is a file that runs read.
type DataSet struct {
	drivers.DataFile
	Included bool `json:"included"` // it is in the bundle
}

// RunFacts say when and where one run was.
type RunFacts struct {
	Run        string    `json:"run"`
	Revision   string    `json:"revision"` // that it was made for
	Commit     string    `json:"commit,omitempty"`
	JobID      string    `json:"jobID,omitempty"`
	Nodes      []string  `json:"nodes,omitempty"`
	Deployment string    `json:"deployment,omitempty"`
	Seed       int64     `json:"seed"`
	Created    time.Time `json:"created"`
	Ended      time.Time `json:"ended"`
}

func (c Contents) provenance() Provenance {
	p := Provenance{SealedBy: c.Program, Origin: c.Revision.Origin, Runs: []RunFacts{}}
	for _, r := range c.Runs {
		p.Runs = append(p.Runs, RunFacts{r.ID, r.Revision, r.Commit, r.JobID, r.Nodes, r.Deployment, r.Seed, r.Created.UTC(), r.Ended.UTC()})
		if r.Given != nil {
			p.Servers = once(p.Servers, r.Given.Servers)
		}
		res := r.Result
		if res == nil {
			continue
		}
		p.Nodes, p.Clients = once(p.Nodes, res.Nodes), once(p.Clients, res.Clients)
		if len(res.Host) > 0 {
			p.Hosts = once(p.Hosts, []map[string]string{res.Host})
		}
		if res.FileSystem != nil {
			p.FileSystems = once(p.FileSystems, []drivers.FileSystem{*res.FileSystem})
		}
		for _, name := range slices.Sorted(maps.Keys(res.Versions)) {
			if p.Versions == nil {
				p.Versions = map[string][]string{}
			}
			p.Versions[name] = once(p.Versions[name], []string{res.Versions[name]})
		}
	}
	for _, f := range dataFiles(c.Runs) {
		p.Data = append(p.Data, DataSet{f, c.Data})
	}
	return p
}

// once appends what is not in a list yet.
func once[T any](to, add []T) []T {
	for _, v := range add {
		known := func(old T) bool { return key(old) == key(v) }
		if !slices.ContainsFunc(to, known) {
			to = append(to, v)
		}
	}
	return to
}

// key is what equal values share.
func key(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("sealed: facts have no JSON form: " + err.Error()) // they were read from JSON
	}
	return string(b)
}

// dataFiles are the data sets that runs read, by path and content.
func dataFiles(runs []plan.Run) (out []drivers.DataFile) {
	for _, r := range runs {
		if r.Result == nil || r.Result.Inputs == nil {
			continue
		}
		for _, f := range r.Result.Inputs.Files {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}
