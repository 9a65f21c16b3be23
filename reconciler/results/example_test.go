package results_test

import (
	"encoding/json"
	"fmt"

	"assay/drivers"
	"assay/reconciler/results"
)

// A run leaves result.json; the catalogue says what its numbers are.
func ExampleLookup() {
	const resultJSON = `{"run": "chat-1", "valid": true, "metrics": {"ttft_p99_ms": 412.5, "output_throughput": 1830, "query_c8_qps": 95}}`
	var res drivers.SuiteResult
	if err := json.Unmarshal([]byte(resultJSON), &res); err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range results.SortedKeys(res.Metrics) {
		m, _ := results.Lookup(name)
		fmt.Printf("%s: %s %s, %s is better, needs %d samples\n", name, results.Number(res.Metrics[name]), m.Unit, m.Better, m.Samples())
	}
	m, _ := results.Lookup("ttft_p99_ms")
	fmt.Println(m.Meaning)
	// Output:
	// output_throughput: 1830 tok/s, higher is better, needs 1 samples
	// query_c8_qps: 95 queries/s, higher is better, needs 1 samples
	// ttft_p99_ms: 412 ms, lower is better, needs 662 samples
	// The 99th percentile of the time from sending a request to its first token.
}

// Manifests leave the unit out of a name.
func ExampleResolve() {
	m := results.Resolve("ttft.p99", []string{"output_throughput", "ttft_p99_ms"})
	fmt.Println(m.Name, m.Heading())
	// Output: ttft_p99_ms TTFT p99, ms
}
