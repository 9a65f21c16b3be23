package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"assay/reconciler/plan"
)

// summary is what rules need of a run. Times are in milliseconds since 1970.
type summary struct {
	ID        string      `json:"id"`
	Key       string      `json:"key,omitempty"`
	Benchmark string      `json:"b,omitempty"`
	Target    string      `json:"t,omitempty"`
	Phase     string      `json:"p"`
	Reason    plan.Reason `json:"r,omitempty"`
	Message   string      `json:"m,omitempty"`
	Tries     []plan.Try  `json:"tries,omitempty"`
	Retries   int         `json:"retries,omitempty"`
	Replays   string      `json:"replays,omitempty"`
	Invalid   bool        `json:"invalid,omitempty"`
	Final     bool        `json:"final,omitempty"`
	Created   int64       `json:"c"`
	Ended     int64       `json:"e"`
	Round     int64       `json:"round,omitempty"` // in seconds

	Deployment string             `json:"d,omitempty"`
	Seed       int64              `json:"seed,omitempty"`
	Values     map[string]float64 `json:"v,omitempty"`
	Trial      *plan.Trial        `json:"trial,omitempty"`
}

func summaryOf(r FinishedRun) summary {
	e := r.sum()
	return summary{e.ID, r.Key, r.Benchmark, r.Target, e.Phase, e.Reason, e.Message, e.Tries, e.Retries, e.Replays, e.Invalid, e.Final, r.Created.UnixMilli(), r.Ended.UnixMilli(), seconds(r.Round),
		e.Deployment, e.Seed, e.Values, e.Trial}
}

// seconds and timeOf keep that there is no time.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(seconds int64) (t time.Time) {
	if seconds != 0 {
		t = time.Unix(seconds, 0).UTC()
	}
	return t
}

// runLine is the line of a run, without its end.
func runLine(r FinishedRun) ([]byte, error) {
	short, err1 := json.Marshal(summaryOf(r))
	long, err2 := json.Marshal(r)
	return withSum(append(append(short, '\t'), long...)), errors.Join(err1, err2)
}

// longPart is the run in the content of a line, and shortPart what rules need.
func longPart(b []byte) []byte  { _, long, _ := bytes.Cut(b, []byte("\t")); return long }
func shortPart(b []byte) []byte { short, _, _ := bytes.Cut(b, []byte("\t")); return short }

// readPast sums up the segments of a folder.
func (s *Store) readPast(dir string) (*plan.Past, segments, error) {
	past, words := &plan.Past{}, map[string]string{}
	one := func(word string) string { // thousands of runs share few words
		if w, ok := words[word]; ok {
			return w
		}
		w := strings.Clone(word)
		words[w] = w
		return w
	}
	at, err := s.readSegments(dir, func(b []byte) error {
		var v summary
		if err := json.Unmarshal(shortPart(b), &v); err != nil {
			return err
		}
		e := plan.EndedRun{ID: v.ID, Phase: one(v.Phase), Reason: plan.Reason(one(string(v.Reason))), Message: one(v.Message), Tries: v.Tries, Retries: v.Retries,
			Replays: v.Replays, Invalid: v.Invalid, Final: v.Final, Ended: time.UnixMilli(v.Ended).UTC(), Deployment: one(v.Deployment), Seed: v.Seed, Values: v.Values, Trial: v.Trial}
		past.Add(e, plan.Run{Key: v.Key, Benchmark: one(v.Benchmark), Target: one(v.Target), Created: time.UnixMilli(v.Created), Round: timeOf(v.Round)})
		return nil
	})
	return past, at, err
}
