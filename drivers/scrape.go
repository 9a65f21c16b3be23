package drivers

// ScrapeLimits are the settings of a scrape that bound what a target can send, by their names in Prometheus' configuration. A
// scrape that exceeds one counts as failed, and its error says so: none of it is stored. The largest honest targets, a vLLM
// server with dozens of engines and a node with hundreds of devices, have a few tens of thousands of samples. A redirect is
// not followed: it could take the scrape's credentials along.
func ScrapeLimits() map[string]any {
	return map[string]any{
		"body_size_limit":          "16MB", // unpacked
		"sample_limit":             100_000,
		"label_limit":              64,
		"label_name_length_limit":  256,
		"label_value_length_limit": 8192,
		"follow_redirects":         false,
	}
}
