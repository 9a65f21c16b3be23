package vector

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"

	"assay/drivers"
	"assay/drivers/suite"
)

// inputs are the vectors and the queries that this run sends: the files by their hash, and the hash of what was made or read
// of them, so that a run elsewhere can be seen to have had the same.
func (r *runner) inputs() (*drivers.Inputs, error) {
	files, err := suite.DataFiles(r.spec.File, r.spec.QueryFile, r.spec.TruthFile)
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	var b []byte
	for _, m := range []matrix{r.data, r.extra, r.queries} {
		fmt.Fprintf(h, "%d %d\n", len(m.data)/max(1, m.dim), m.dim) // a hash takes every write
		for at := 0; at < len(m.data); at += 1 << 14 {
			b = b[:0]
			for _, v := range m.data[at:min(len(m.data), at+1<<14)] {
				b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
			}
			_, _ = h.Write(b)
		}
	}
	return &drivers.Inputs{Files: files, SHA256: hex.EncodeToString(h.Sum(nil))}, nil
}
