package v1alpha1

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// largestSet bounds the vectors that a client holds to find the true neighbours, in bytes.
const largestSet = 64 << 30

// Vector drives a vector database: create, ingest, query one after the other, concurrently, at a rate, with filters,
// with several efSearch, during writes; recall@k of all of it.
type Vector struct {
	Vectors   int `json:"vectors,omitempty" validate:"gte=0,lte=10000000000"` // default 1000
	Dimension int `json:"dimension,omitempty" validate:"gte=0,lte=65536"`     // default 384
	Queries   int `json:"queries,omitempty" validate:"gte=0"`                 // whose true neighbours are found, for recall; default 100
	TopK      int `json:"topK,omitempty" validate:"gte=0,lte=1000000"`        // default 10
	BatchSize int `json:"batchSize,omitempty" validate:"gte=0,lte=1000000"`   // default 100
	// Duration is how long each level of queries is measured, after a warm-up of a tenth of it; default 10s. Until then new
	// queries are asked: of the same clusters, or with a file the file's.
	Duration    Duration `json:"duration,omitempty" validate:"gte=0"`
	Concurrency []int    `json:"concurrency,omitempty" validate:"dive,gte=1,lte=10000"`   // default [1, 10]
	Space       string   `json:"space,omitempty" validate:"omitempty,oneof=l2 cosine ip"` // default l2
	EFSearch    int      `json:"efSearch,omitempty" validate:"gte=0"`                     // default: the server's
	EFConstruct int      `json:"efConstruction,omitempty" validate:"gte=0"`               // default: the server's
	MaxNeighb   int      `json:"maxNeighbors,omitempty" validate:"gte=0"`                 // default: the server's
	Rate        Rate     `json:"rate,omitempty"`                                          // also an open loop of so many queries/s
	// EFSweep measures recall and rate with each of these efSearch, at the highest concurrency.
	EFSweep []int `json:"efSweep,omitempty" validate:"dive,gte=1,lte=100000"`
	// Filters measure queries for vectors with metadata that this share of all has: 0.01 is one in a hundred.
	Filters []float64 `json:"filters,omitempty" validate:"dive,gte=0.001,lte=1"`
	Writes  Rate      `json:"writes,omitempty"` // also queries while so many vectors/s are added
	// Encoding of vectors on their way in; default: base64 where the server takes it.
	Encoding string `json:"encoding,omitempty" validate:"omitempty,oneof=json base64"`
	// File holds the vectors, QueryFile the queries, as .fvecs or .npy (float32); TruthFile, .ivecs or .npy (int32 or int64), the
	// rows nearest to each query; without it they are found by brute force. All are read where the benchmark runs.
	File      string `json:"file,omitempty"`
	QueryFile string `json:"queryFile,omitempty"`
	TruthFile string `json:"truthFile,omitempty"`
	// Tenant and Database are where the collection is made; default: default_tenant and default_database. They must exist.
	Tenant   string `json:"tenant,omitempty"`
	Database string `json:"database,omitempty"`
	Seed     int64  `json:"seed,omitempty"`
}

// LevelTime is how long a level of queries is measured. A manifest that an older assay accepted has no duration.
func (v Vector) LevelTime() time.Duration { return cmp.Or(v.Duration.Std(), 10*time.Second) }

// levels is how many levels of queries there are.
func (v Vector) levels() int {
	n := 1 + len(v.Concurrency) + len(v.Filters) + len(v.EFSweep)
	for _, loop := range []Rate{v.Rate, v.Writes} {
		if !loop.Inf() {
			n++
		}
	}
	return n
}

// defaultVector fills in defaults; where a search sets the concurrency, it has none.
func defaultVector(v Vector, searched bool) *Vector {
	if v.File == "" { // with a file, the file decides
		v.Vectors = cmp.Or(v.Vectors, 1000)
		v.Dimension = cmp.Or(v.Dimension, 384)
		v.Queries = cmp.Or(v.Queries, 100)
	}
	v.TopK = cmp.Or(v.TopK, 10)
	v.BatchSize = cmp.Or(v.BatchSize, 100)
	v.Duration = cmp.Or(v.Duration, Duration(v.LevelTime()))
	if len(v.Concurrency) == 0 && !searched {
		v.Concurrency = []int{1, 10}
	}
	v.Space = cmp.Or(v.Space, "l2")
	return &v
}

func (c *checker) vector(path string, v Vector, timeout Duration) {
	c.vectorFiles(path, v)
	c.vectorLevels(path, v, timeout)
	for name, value := range map[string]string{"tenant": v.Tenant, "database": v.Database} {
		if n := len(value); n > 0 && (n < 3 || n > 512) {
			c.bad(path+"."+name, fmt.Sprintf("has %d characters; Chroma takes 3 to 512", n), "")
		}
	}
	if v.File == "" && v.TopK > v.Vectors {
		c.bad(path+".topK", fmt.Sprintf("%d is more than the %d vectors that are stored", v.TopK, v.Vectors), "")
	}
	if rows := float64(v.Vectors) + v.later() + float64(v.Queries); v.Dimension > 0 && rows*float64(v.Dimension) > largestSet/4 {
		c.bad(path+".vectors", fmt.Sprintf("%.0f of dimension %d, queries and writes among them, do not fit in %s of memory", rows, v.Dimension, Quantity(largestSet)), "")
	}
}

// vectorLevels checks that levels are long enough to say something, and that all of them fit in a run.
func (c *checker) vectorLevels(path string, v Vector, timeout Duration) {
	takes := 1.1 * float64(v.levels()) * v.LevelTime().Seconds()
	switch {
	case v.Duration > 0 && v.Duration < Duration(time.Second):
		c.bad(path+".duration", fmt.Sprintf("%s is too short for a level: it must be at least 1s", v.Duration), "")
	case timeout > 0 && takes >= timeout.Std().Seconds():
		c.bad(path+".duration", fmt.Sprintf("%d levels of %s with their warm-up take %.0f s, which do not fit in the timeout of %s", v.levels(), v.Duration, takes, timeout),
			"shorten duration, or raise timeout")
	}
}

// Later is how many vectors are made to be added during queries: twice as many as a level takes time for. With files it
// is 0: a part of the file is added.
func (v Vector) Later() int { return int(v.later()) }

func (v Vector) later() float64 {
	if v.Writes.Inf() || v.Rate.Inf() || v.File != "" {
		return 0
	}
	return 2 * float64(v.Writes) * v.LevelTime().Seconds()
}

func (c *checker) vectorFiles(path string, v Vector) {
	for _, f := range []struct {
		name, value string
		kinds       []string
	}{{"file", v.File, []string{".fvecs", ".npy"}}, {"queryFile", v.QueryFile, []string{".fvecs", ".npy"}}, {"truthFile", v.TruthFile, []string{".ivecs", ".npy"}}} {
		switch {
		case f.value == "":
		case !filepath.IsAbs(f.value):
			c.bad(path+"."+f.name, "must be an absolute path, found "+brief(f.value), "")
		case !slices.Contains(f.kinds, filepath.Ext(f.value)):
			c.bad(path+"."+f.name, "must end in "+strings.Join(f.kinds, " or "), "")
		}
	}
	if (v.File == "") != (v.QueryFile == "") {
		c.lacks(path, path, "needs file and queryFile, or neither", "")
	}
	if !v.Writes.Inf() && v.Rate.Inf() {
		c.lacks(path, path+".writes", "needs a rate of queries as well", "write rate: 100, say")
	}
	if v.TruthFile != "" && v.File == "" {
		c.bad(path+".truthFile", "has no meaning without file", "remove it")
	}
	if v.File != "" && v.Dimension > 0 {
		c.bad(path+".dimension", "follows from the file", "remove it")
	}
}
