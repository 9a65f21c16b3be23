package report

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"slices"
	"strconv"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// request is one row of a serving run's samples: when it was sent in seconds, its latencies in milliseconds.
type request struct {
	at, ttft, e2el float64
	failed         bool
}

// requests reads samples.csv of a run, in the order in which they were sent; none when the file is missing or malformed.
func requests(dir string) []request {
	if dir == "" { // the answer of a search, which is no run
		return nil
	}
	f, err := safefile.OpenIn(dir, "samples.csv")
	if err != nil {
		return nil
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 || len(rows[0]) < 8 {
		return nil
	}
	var out []request
	for _, row := range rows[1:] {
		sent, err1 := strconv.ParseFloat(row[2], 64)
		first, err2 := strconv.ParseFloat(row[3], 64)
		last, err3 := strconv.ParseFloat(row[4], 64)
		switch {
		case err1 == nil && row[7] != "":
			out = append(out, request{at: sent / 1e9, failed: true})
		case err1 == nil && err2 == nil && err3 == nil:
			out = append(out, request{at: sent / 1e9, ttft: (first - sent) / 1e6, e2el: (last - sent) / 1e6})
		}
	}
	slices.SortFunc(out, func(a, b request) int { return cmp.Compare(a.at, b.at) })
	for i := len(out) - 1; i >= 0; i-- {
		out[i].at -= out[0].at
	}
	return out
}

// frontierPoint is an entry of frontier.json of a vector run.
type frontierPoint struct {
	EF     int     `json:"ef"`
	Recall float64 `json:"recall"`
	QPS    float64 `json:"qps"`
}

func frontierFile(dir string) (out []frontierPoint) {
	if dir == "" {
		return nil
	}
	b, err := durable.Read(filepath.Join(dir, "frontier.json"), durable.MaxRecord)
	if err != nil || json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}
