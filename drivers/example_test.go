package drivers_test

import (
	"encoding/json"
	"fmt"

	"assay/drivers"
)

// result.json of a run directory is a SuiteResult.
func ExampleSuiteResult() {
	const file = `{
  "run": "structured-1-0123abcd", "started": "2026-01-02T15:04:05Z", "ended": "2026-01-02T15:05:05Z", "simulated": true,
  "metrics": {"ttft_p99_ms": 87.5, "output_throughput": 1250},
  "valid": false,
  "reasons": [{"reason": "ClientBusy", "message": "the client used 97% of its cores"}]
}`
	var res drivers.SuiteResult
	if err := json.Unmarshal([]byte(file), &res); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(res.Ended.Sub(res.Started), "simulated:", res.Simulated)
	fmt.Printf("%.1f ms, %.0f tokens/s\n", res.Metrics["ttft_p99_ms"], res.Metrics["output_throughput"])
	if !res.Valid {
		fmt.Printf("not valid: %s: %s\n", res.Reasons[0].Reason, res.Reasons[0].Message)
	}
	// Output:
	// 1m0s simulated: true
	// 87.5 ms, 1250 tokens/s
	// not valid: ClientBusy: the client used 97% of its cores
}
