package suite

import "math"

// Effective is how many independent requests say as much as these, which are in the order in which they were sent and each
// have kept a bound or not. Neighbours that wait in one queue miss it together. Means of batches of 1, 2, 4 … requests are
// compared with what independent ones would scatter; the size of batch that shows most dependence counts, as long as there are
// sixteen batches. When all or none have kept it, nothing is seen and the answer is their number.
func Effective(kept []bool) int {
	const batches = 16
	n := len(kept)
	share := shareOf(kept)
	if share == 0 || share == 1 {
		return n
	}
	most := 1.0
	for size := 1; n/size >= batches; size *= 2 {
		square, count := 0.0, 0
		for at := 0; at+size <= n; at += size {
			d := shareOf(kept[at:at+size]) - share
			square, count = square+d*d, count+1
		}
		most = max(most, square/float64(count-1)*float64(size)/(share*(1-share)))
	}
	return max(1, int(math.Floor(float64(n)/most)))
}

func shareOf(kept []bool) float64 {
	good := 0
	for _, k := range kept {
		if k {
			good++
		}
	}
	return float64(good) / float64(max(1, len(kept)))
}
