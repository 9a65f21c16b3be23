package wire

// Share is the k-th of n nearly equal parts.
func Share(whole, k, n int) int {
	part := whole / n
	if k < whole%n {
		part++
	}
	return part
}
