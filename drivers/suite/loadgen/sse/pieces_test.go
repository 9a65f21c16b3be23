package sse

import (
	"reflect"
	"testing"
	"time"
)

// FuzzPieces: a stream says the same in one piece, in which most events are only compared with the one before, and byte by byte,
// where none is.
func FuzzPieces(f *testing.F) {
	for _, s := range []string{"Hä", "", `a\nb`, `"`, `\`, "\n", "a\nb", "\r", "\t", `","finish_reason":"stop"}],"usage":null}`, `x","text":"y`, "\x00"} {
		f.Add(s, "null", "first", "\n\n")
	}
	f.Add("word", `"stop"`, "", "\r\n\r\n")
	f.Add("word", "null", "a", "\n")
	f.Add("word", "null", "a", "")
	f.Fuzz(func(t *testing.T, text, finish, before, between string) {
		event := func(text, finish string) string {
			return `data: {"id":"1","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":` + finish + `}],"usage":null}` + between
		}
		data := []byte(event(before, "null") + event(before, "null") + event(text, finish) + event(text, "null") + event("x", "null") + "data: [DONE]\n\n")
		var whole, bytewise Stream
		whole.Start(8)
		bytewise.Start(8)
		got := whole.Feed(data, time.Second)
		want := got
		for i := range data {
			if want = bytewise.Feed(data[i:i+1], time.Second); want != nil {
				break
			}
		}
		if !reflect.DeepEqual(got, want) || whole.Done != bytewise.Done || !reflect.DeepEqual(whole.Answer, bytewise.Answer) {
			t.Fatalf("%q:\n%+v %v\nbyte by byte\n%+v %v", data, whole.Answer, got, bytewise.Answer, want)
		}
	})
}
