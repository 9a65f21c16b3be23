package v1alpha1

import (
	"cmp"
	"fmt"
)

// largestSet bounds the vectors that a client must hold to know the true neighbours, in bytes.
const largestSet = 64 << 30

// Vector drives a vector database: create, ingest, query one after the other and concurrently, recall@k.
type Vector struct {
	Vectors     int    `json:"vectors,omitempty" validate:"gte=0"`                      // default 1000
	Dimension   int    `json:"dimension,omitempty" validate:"gte=0,lte=65536"`          // default 384
	Queries     int    `json:"queries,omitempty" validate:"gte=0"`                      // per concurrency level; default 100
	TopK        int    `json:"topK,omitempty" validate:"gte=0"`                         // default 10
	BatchSize   int    `json:"batchSize,omitempty" validate:"gte=0"`                    // default 100
	Concurrency []int  `json:"concurrency,omitempty" validate:"dive,gte=1,lte=10000"`   // default [1, 10]
	Space       string `json:"space,omitempty" validate:"omitempty,oneof=l2 cosine ip"` // default l2
	EFSearch    int    `json:"efSearch,omitempty" validate:"gte=0"`                     // default: the server's
	EFConstruct int    `json:"efConstruction,omitempty" validate:"gte=0"`               // default: the server's
	MaxNeighb   int    `json:"maxNeighbors,omitempty" validate:"gte=0"`                 // default: the server's
	Seed        int64  `json:"seed,omitempty"`
}

func defaultVector(v Vector) *Vector {
	v.Vectors = cmp.Or(v.Vectors, 1000)
	v.Dimension = cmp.Or(v.Dimension, 384)
	v.Queries = cmp.Or(v.Queries, 100)
	v.TopK = cmp.Or(v.TopK, 10)
	v.BatchSize = cmp.Or(v.BatchSize, 100)
	if len(v.Concurrency) == 0 {
		v.Concurrency = []int{1, 10}
	}
	v.Space = cmp.Or(v.Space, "l2")
	return &v
}

func (c *checker) vector(path string, v Vector) {
	if v.TopK > v.Vectors {
		c.bad(path+".topK", fmt.Sprintf("%d is more than the %d vectors that are stored", v.TopK, v.Vectors), "")
	}
	if v.Dimension > 0 && v.Vectors > largestSet/4/v.Dimension {
		c.bad(path+".vectors", fmt.Sprintf("%d of dimension %d do not fit in %s of memory", v.Vectors, v.Dimension, Quantity(largestSet)), "")
	}
}
