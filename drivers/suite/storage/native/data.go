package native

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"assay/drivers/suite"
)

// shifts is how many different contents a block can have.
const shifts = 4096

// pattern is what is written: random bytes, of which each block is a window whose place depends on the writer and the
// position. So a block that is lost, old or of another writer is noticed.
type pattern []byte

func newPattern(seed int64, largest int) pattern {
	r := suite.Rand(seed, "storage")
	p := make(pattern, (largest+shifts+7)/8*8)
	for i := 0; i < len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], r.Uint64())
	}
	return p
}

// block is the content of n bytes that a rank writes as its number-th piece of a kind.
func (p pattern) block(kind byte, rank, number, n int) []byte {
	x := uint64(kind)<<56 ^ uint64(rank)<<32 ^ uint64(number)
	x ^= x >> 31
	x *= 0x9e3779b97f4a7c15
	at := int(x >> 52) // 12 bits: below shifts
	return p[at : at+n]
}

// check compares what was read with what was written.
func (p pattern) check(got []byte, kind byte, rank, number int, where string) error {
	if !bytes.Equal(got, p.block(kind, rank, number, len(got))) {
		return fmt.Errorf("%w: %s, piece %d of task %d", errCorrupt, where, number, rank)
	}
	return nil
}
