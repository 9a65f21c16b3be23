package simulator

import (
	"hash/maphash"
	"sync"
)

const (
	prefixBlock = 16 * tokenSize // characters that are cached together: vLLM's blocks hold 16 tokens
	prefixMost  = 1 << 18        // blocks that are remembered before all are forgotten
)

// prefixCache remembers the beginnings of recent prompts, by their hashes.
type prefixCache struct {
	mu   sync.Mutex
	seed maphash.Seed
	seen map[uint64]bool
}

func newPrefixCache() *prefixCache {
	return &prefixCache{seed: maphash.MakeSeed(), seen: map[uint64]bool{}}
}

// hits returns how many tokens of the prompt were seen before as a beginning, and remembers this one.
func (p *prefixCache) hits(prompt string) int {
	var h maphash.Hash
	h.SetSeed(p.seed)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) > prefixMost {
		clear(p.seen)
	}
	hit := 0
	for end := prefixBlock; end <= len(prompt); end += prefixBlock {
		h.WriteString(prompt[end-prefixBlock : end])
		sum := h.Sum64() // of everything up to here
		if p.seen[sum] {
			hit = end
		}
		p.seen[sum] = true
	}
	return hit / tokenSize
}
