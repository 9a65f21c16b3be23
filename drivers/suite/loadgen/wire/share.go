package wire

// Share is the k-th of n nearly equal parts of whole; the first ones are larger.
func Share(whole, k, n int) int {
	part := whole / n
	if k < whole%n {
		part++
	}
	return part
}
