package serving

import (
	"testing"

	"assay/api/v1alpha1"
)

// TestFramed: a body that is put together is the one that is made from its members, whatever the prompt and the manifest hold.
func TestFramed(t *testing.T) {
	for _, extra := range []map[string]any{nil, {"user": "a<b>"}, {"user": mark}, {"zzz": []any{1, "prompt"}}} {
		p := newPayload("org/tiny", &v1alpha1.Serving{API: "completions", OutputTokens: 16, ExtraBody: extra})
		for _, prompt := range []string{"", "plain words", `"quoted" \ <&>`, "Hä\n\u2028", "\x00\xff", mark} {
			for _, tokens := range []int{16, 3, 16} {
				p.maxTokens, p.ignoreEOS = tokens, !p.ignoreEOS // as a copy of it can have, such as that of calibration
				got, err := p.body(ask(prompt), nil)
				want, err2 := p.whole(ask(prompt), nil)
				if err != nil || err2 != nil || string(got) != string(want) {
					t.Errorf("%v, %q: %s %v, want %s %v", extra, prompt, got, err, want, err2)
				}
			}
		}
	}
	p := newPayload("org/tiny", &v1alpha1.Serving{API: "completions", OutputTokens: 16})
	if n := testing.AllocsPerRun(100, func() { _, _ = p.body(ask("plain words"), nil) }); n > 8 {
		t.Errorf("%g allocations for a body", n)
	}
}
