package serving

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// TestTextIsJSON: what is written by hand reads as what encoding/json writes.
func TestTextIsJSON(t *testing.T) {
	for _, text := range []string{"", "plain words", "a \"quote\" and a \\", "line\nbreak\ttab", "<b>&amp;</b>", "gr\u00fc\u00dfe", "broken \xff utf-8", "\x7f", "\u2028"} {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(appendText(nil, text)); got != string(want) && text != "\x7f" {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
		var back, wanted string
		if err := json.Unmarshal(appendText(nil, []byte(text)), &back); err != nil || json.Unmarshal(want, &wanted) != nil || back != wanted {
			t.Errorf("%q is read as %q: %v", text, back, err)
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10_000 {
		d := time.Duration(rng.Int64N(1<<rng.IntN(62))) - 1000
		if got, err := strconv.ParseFloat(string(appendSeconds(nil, d)), 64); err != nil || time.Duration(got*1e9+0.5) != d && got != d.Seconds() {
			t.Fatalf("%d ns is written %s, which is %v: %v", d, appendSeconds(nil, d), got, err)
		}
	}
}

// TestSampleLineIsJSON: a line is the JSON of its fields.
func TestSampleLineIsJSON(t *testing.T) {
	for _, l := range []sampleLine{{}, {Index: 7, Due: 0.000001, Sent: 12345678.901234, Wall: 1_700_000_000_123_456_789, Late: 0.25, TTFT: 1.5, E2EL: 99.000001, In: 8, Out: 128, Chunks: 127,
		Structured: true, Verdict: compliant, Outcome: "ok"}, {Index: 1, Outcome: "http_<404>"}} {
		want, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		var back sampleLine
		if err := json.Unmarshal(l.append(nil), &back); err != nil || back != l || len(l.append(nil)) > len(want)+8 {
			t.Errorf("%s, want %s: %v", l.append(nil), want, err)
		}
	}
}
