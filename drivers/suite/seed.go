package suite

import (
	"encoding/binary"
	"hash/fnv"
	"math/rand/v2"
)

// Rand is the stream of random numbers called name of a seed: the same for the same arguments on every machine, and
// independent of every other name.
func Rand(seed int64, name string) *rand.Rand {
	h := fnv.New128a()
	_ = binary.Write(h, binary.LittleEndian, seed) // a hash takes every write
	_, _ = h.Write([]byte(name))
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))
}
