package serving

import (
	"strings"
	"testing"
)

// FuzzTrace: whatever a trace holds, its requests have lengths, and times that never go back.
func FuzzTrace(f *testing.F) {
	f.Add("Timestamp,Model,Request tokens,Response tokens\n5,ChatGPT,472,18\n")
	f.Add("TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:17:03.9799600,4808,10\n2024-05-10 00:00:00.009930+00:00,1,1\n")
	f.Add(`{"timestamp": 27482, "input_length": 600, "output_length": 52, "hash_ids": [46, 47]}`)
	f.Add(`{"timestamp": 9e15, "input_length": 600, "output_length": 52, "hash_ids": []}`)
	f.Fuzz(func(t *testing.T, text string) {
		list, size, err := readTrace(strings.NewReader(text))
		if err != nil {
			return
		}
		for i, e := range list {
			if e.in < 1 || e.out < 1 || e.at < 0 || i > 0 && e.at < list[i-1].at || size != 512 && size != 16 {
				t.Errorf("request %d: %+v, blocks of %d", i, e, size)
			}
		}
	})
}

// FuzzShareGPT: a file is read or refused, and every conversation has its two turns.
func FuzzShareGPT(f *testing.F) {
	f.Add(`[{"conversations":[{"from":"human","value":"x"},{"from":"gpt","value":"y"}]}]`, int64(3))
	f.Add(`[{"conversations":null},{}]`, int64(-1<<63))
	f.Fuzz(func(t *testing.T, text string, seed int64) {
		list, err := readShareGPT(strings.NewReader(text), seed)
		if err == nil && len(list) > len(text) {
			t.Errorf("%d conversations", len(list))
		}
	})
}
