package drivers

import (
	"strings"
	"testing"
)

func TestSeatAndTagReadBack(t *testing.T) {
	seat := Seat{Experiment: "exp", Group: "llm", Slot: 3}
	tag := Tag{Store: "s", Seat: seat, Revision: "r", Nonce: "n"}
	for text, want := range map[string]bool{
		seat.String(): true, "exp/llm/3/0": true, // as an older assay wrote it
		"exp/llm/3/2": false, "exp/llm": false, "exp/llm/x": false, "/llm/3": false, "exp//3": false, "exp/llm/3/0/0": false, "": false,
	} {
		if got, ok := ParseSeat(text); ok != want || ok && got != seat {
			t.Errorf("seat %q reads as %+v, %v", text, got, ok)
		}
	}
	for text, want := range map[string]bool{
		tag.String(): true, "assay:v1 s exp/llm/3/0 r n": true,
		"assay:v1 s exp/llm/3 r": false, "assay:v1  exp/llm/3 r n": false, "assay:v1 s exp/llm/3 r ": false, "another comment of five words": false,
	} {
		if got, ok := ParseTag(text); ok != want || ok && got != tag {
			t.Errorf("tag %q reads as %+v, %v", text, got, ok)
		}
	}
}

// TestJobName: two stores of one account never share a name, and the longest name is one that Slurm keeps.
func TestJobName(t *testing.T) {
	seat := Seat{Experiment: "exp", Group: "llm", Slot: 3}
	a, b := Tag{Store: "0123456789ab", Seat: seat}.JobName(), Tag{Store: "ba9876543210", Seat: seat}.JobName()
	if a != "assay.exp.llm.3.0123456789ab" || a == b {
		t.Errorf("the jobs of two stores are named %s and %s", a, b)
	}
	label := strings.Repeat("x", 63)
	if n := len(Tag{Store: "0123456789ab", Seat: Seat{label, "run." + label, 1 << 30, 1}}.JobName()); n > 1024 {
		t.Errorf("the longest name has %d bytes", n)
	}
}
