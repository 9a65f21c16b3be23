package sse

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

const chunkA = `{"id":"1","choices":[{"index":0,"text":"Hä","finish_reason":null}],"usage":null}`
const chunkB = `{"choices": [ {"finish_reason" : "length", "text":"\"q\"\n\u00e4"} ] , "id":"{[\"]}"}`
const usage = `{"choices":[],"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2}}`

// slow is what a client would decode with encoding/json.
type slow struct {
	Choices []struct {
		Text  *string `json:"text"`
		Delta *struct {
			Content *string `json:"content"`
		} `json:"delta"`
		Finish *string `json:"finish_reason"`
	} `json:"choices"`
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	} `json:"usage"`
	Error any `json:"error"`
}

// The scanner agrees with encoding/json on whatever that accepts. (Keys that occur twice or differ in case are left
// out: encoding/json merges the ones and ignores case in the others, and no server sends either.)
func FuzzScanEvent(f *testing.F) {
	for _, s := range []string{chunkA, chunkB, usage, `{}`, `{"choices":null}`, `{"choices":[{"delta":{}}]}`, `{"choices":[{}]}`, `{"error":1}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		var got Event
		err := got.Scan([]byte(data))
		var want slow
		if json.Unmarshal([]byte(data), &want) != nil || !plain(data) {
			return // it must not panic, no more
		}
		if err != nil {
			t.Fatalf("%q: %v", data, err)
		}
		text, finish := "", ""
		if len(want.Choices) > 0 {
			c := want.Choices[0]
			if c.Text != nil {
				text = *c.Text
			}
			if c.Delta != nil && c.Delta.Content != nil {
				text = *c.Delta.Content
			}
			if c.Finish != nil {
				finish = *c.Finish
			}
		}
		if string(got.Text) != text || string(got.Finish) != finish || got.Choices != (len(want.Choices) > 0) ||
			got.Usage != (want.Usage != nil) || (got.Error != nil) != (want.Error != nil) {
			t.Fatalf("%q: got %+v, want %+v", data, got, want)
		}
		if got.Usage && (got.Prompt != want.Usage.Prompt || got.Completion != want.Usage.Completion) {
			t.Fatalf("%q: usage %+v, want %+v", data, got, want.Usage)
		}
	})
}

// plain: no name occurs twice in any case, none is escaped, it is an object whose first choice is one, and valid text.
func plain(data string) bool {
	lower := strings.ToLower(data)
	for _, name := range []string{"choices", "text", "delta", "content", "finish_reason", "usage", "prompt_tokens", "completion_tokens", "error"} {
		if strings.Count(lower, name) > 1 || strings.Count(lower, name) != strings.Count(data, name) {
			return false
		}
	}
	var v struct{ Choices []json.RawMessage }
	if json.Unmarshal([]byte(data), &v) != nil || !strings.HasPrefix(strings.TrimLeft(data, " \t\r\n"), "{") {
		return false
	}
	return strings.ToValidUTF8(data, "") == data && !strings.Contains(lower, `\u`) && !strings.Contains(lower, "ſ") &&
		!strings.Contains(lower, "k") && (len(v.Choices) == 0 || bytes.HasPrefix(v.Choices[0], []byte("{"))) &&
		!(strings.Contains(data, "text") && strings.Contains(data, "delta"))
}

// FuzzLike: an event that follows another one of its kind is read as if it came alone, whatever its text holds.
func FuzzLike(f *testing.F) {
	for _, s := range []string{"Hä", "", `a\nb`, `"`, `\`, `","finish_reason":"stop"}],"usage":null}`, `x","text":"y`, "\x00"} {
		f.Add(s, "null", "first")
	}
	f.Add("word", `"stop"`, "")
	f.Fuzz(func(t *testing.T, text, finish, before string) {
		event := func(text, finish string) []byte {
			return []byte(`{"id":"1","choices":[{"index":0,"delta":{"content":"` + text + `"},"finish_reason":` + finish + `}],"usage":null}`)
		}
		var after, alone Event
		_ = after.Scan(event(before, "null")) // what it says is not of interest
		data := event(text, finish)
		errAfter, err := after.Scan(data), alone.Scan(data)
		if (errAfter == nil) != (err == nil) {
			t.Fatalf("%q behind %q: %v, alone %v", data, before, errAfter, err)
		}
		if err == nil && (string(after.Text) != string(alone.Text) || string(after.Finish) != string(alone.Finish) || after.Choices != alone.Choices ||
			after.Usage != alone.Usage || (after.Error == nil) != (alone.Error == nil)) {
			t.Fatalf("%q behind %q: %+v, alone %+v", data, before, after, alone)
		}
	})
}
