package arguments

import (
	"strings"
	"testing"
)

// FuzzParse: whatever a program prints as its help, there are no more options than lines, and none without a name.
func FuzzParse(f *testing.F) {
	f.Add("usage: vllm serve [model_tag] [options]\n\noptions:\n  --model MODEL  Name of it.\n  --dtype {auto,half}, --kind {auto,half}\n                 [DEPRECATED] Its type.\n")
	f.Add("-m,    --model FNAME    model path\n-fa,   --flash-attn [on|off|auto]  set it\n")
	f.Add("  --a {\n}  --b")
	f.Fuzz(func(t *testing.T, text string) {
		all := Parse(text)
		if len(all) > strings.Count(text, "\n")+1 {
			t.Errorf("%d options of %q", len(all), text)
		}
		for _, o := range all {
			if len(o.Names) == 0 || o.Names[0] == "" {
				t.Errorf("%+v of %q", o, text)
			}
		}
	})
}
