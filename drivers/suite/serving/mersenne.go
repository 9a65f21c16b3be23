package serving

import "math/bits"

// mersenne is the random generator of Python (MT19937), for taking a data set in the order in which vLLM takes it.
type mersenne struct {
	state [624]uint32
	at    int
}

// newMersenne is Python's random.seed of a whole number.
func newMersenne(seed int64) *mersenne {
	n := uint64(max(seed, -seed))
	key := []uint32{uint32(n)}
	if high := uint32(n >> 32); high != 0 {
		key = append(key, high)
	}
	m := &mersenne{at: 624}
	s := &m.state
	s[0] = 19650218
	for i := 1; i < 624; i++ {
		s[i] = 1812433253*(s[i-1]^s[i-1]>>30) + uint32(i)
	}
	i, j := 1, 0
	step := func() {
		if i++; i == 624 {
			s[0], i = s[623], 1
		}
	}
	for range 624 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1664525) + key[j] + uint32(j)
		step()
		j = (j + 1) % len(key)
	}
	for range 623 {
		s[i] = (s[i] ^ (s[i-1]^s[i-1]>>30)*1566083941) - uint32(i)
		step()
	}
	s[0] = 1 << 31
	return m
}

// next is 32 random bits.
func (m *mersenne) next() uint32 {
	s := &m.state
	if m.at == 624 {
		for i := range s {
			y := s[i]&(1<<31) | s[(i+1)%624]&(1<<31-1)
			s[i] = s[(i+397)%624] ^ y>>1
			if y&1 == 1 {
				s[i] ^= 0x9908b0df
			}
		}
		m.at = 0
	}
	y := s[m.at]
	m.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// below is Python's randbelow, for n from 1 to 1<<32 - 1.
func (m *mersenne) below(n int) int {
	for {
		if r := int(m.next() >> (32 - bits.Len(uint(n)))); r < n {
			return r
		}
	}
}

// shuffle is Python's random.shuffle of n things.
func (m *mersenne) shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, m.below(i+1))
	}
}
