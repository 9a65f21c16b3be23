package vector

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"assay/drivers/suite"
)

// matrix is rows of float32, one after the other.
type matrix struct {
	dim  int
	data []float32
}

func newMatrix(rows, dim int) matrix { return matrix{dim: dim, data: make([]float32, rows*dim)} }

func (m matrix) rows() int           { return len(m.data) / m.dim }
func (m matrix) row(i int) []float32 { return m.data[i*m.dim : (i+1)*m.dim] }

// split cuts m before row n.
func (m matrix) split(n int) (head, tail matrix) {
	return matrix{m.dim, m.data[:n*m.dim]}, matrix{m.dim, m.data[n*m.dim:]}
}

// spread is the standard deviation of a point around its cluster's centre; centres have 1.
const spread = 0.5

// clustered makes vectors and queries from the same clusters, about as many as the root of the number of vectors. The
// vectors do not depend on how many queries there are.
func clustered(seed int64, vectors, queries, dim int) (data, asked matrix) {
	centres := centresOf(seed, vectors, dim)
	return scatter(suite.Rand(seed, "vectors"), centres, vectors), scatter(suite.Rand(seed, "queries"), centres, queries)
}

// centresOf are the centres of the clusters of so many vectors.
func centresOf(seed int64, vectors, dim int) matrix {
	centres := newMatrix(max(1, int(math.Sqrt(float64(vectors)))), dim)
	r := suite.Rand(seed, "centres")
	for i := range centres.data {
		centres.data[i] = float32(r.NormFloat64())
	}
	return centres
}

func scatter(r *rand.Rand, centres matrix, rows int) matrix {
	m := newMatrix(rows, centres.dim)
	for i := range rows {
		scatterOne(r, centres, m.row(i))
	}
	return m
}

func scatterOne(r *rand.Rand, centres matrix, row []float32) {
	centre := centres.row(r.IntN(centres.rows()))
	for k := range row {
		row[k] = centre[k] + spread*float32(r.NormFloat64())
	}
}

// bucketCount is the number of equal buckets that filters select from.
const bucketCount = 1000

// bucketOf is the bucket of a row. It is independent of the vector. Row 0 is in bucket 0, so that every filter allows a row.
func bucketOf(row int) int { return int(uint32(row) * 2654435761 >> 7 % bucketCount) }

// body is the request that stores rows from up to to, each under its number as id.
func (b batches) body(m matrix, from, to int) ([]byte, error) {
	ids, embeddings, meta := make([]string, 0, to-from), make([]any, 0, to-from), make([]map[string]int, 0, to-from)
	for i := from; i < to; i++ {
		ids = append(ids, strconv.Itoa(b.firstRow+i))
		if b.packed {
			embeddings = append(embeddings, pack(m.row(i)))
		} else {
			embeddings = append(embeddings, m.row(i))
		}
		meta = append(meta, map[string]int{"bucket": bucketOf(b.firstRow + i)})
	}
	body := map[string]any{"ids": ids, "embeddings": embeddings}
	if b.buckets {
		body["metadatas"] = meta
	}
	return json.Marshal(body)
}

// pack is a vector as base64 of little-endian float32.
func pack(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(b)
}

// idsOf reads the answer to a query: row numbers.
func idsOf(answer []byte) ([]int, *suite.Failure) {
	var a struct {
		IDs [][]string `json:"ids"`
	}
	if err := json.Unmarshal(answer, &a); err != nil || len(a.IDs) != 1 {
		return nil, &suite.Failure{Kind: "bad_answer", Message: fmt.Sprintf("not the answer to one query: %.100q", answer)}
	}
	rows := make([]int, len(a.IDs[0]))
	for i, id := range a.IDs[0] {
		n, err := strconv.Atoi(id)
		if err != nil {
			return nil, &suite.Failure{Kind: "bad_answer", Message: fmt.Sprintf("the id %q was never stored", id)}
		}
		rows[i] = n
	}
	return rows, nil
}
