package sse

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

const chunkA = `{"id":"1","choices":[{"index":0,"text":"Hä","finish_reason":null}],"usage":null}`
const chunkB = `{"choices": [ {"finish_reason" : "length", "text":"\"q\"\n\u00e4"} ] , "id":"{[\"]}"}`
const usage = `{"choices":[],"usage":{"prompt_tokens":7,"total_tokens":9,"completion_tokens":2}}`

const thoughtA = `{"model":"m","choices":[{"delta":{"reasoning":"hm","content":null}}]}`
const toolA = `{"model":"m","choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}`

// slow is what a client would decode with encoding/json.
type slow struct {
	Choices []struct {
		Text  *string `json:"text"`
		Delta *struct {
			Content   *string         `json:"content"`
			Reasoning *string         `json:"reasoning"`
			Tools     json.RawMessage `json:"tool_calls"`
		} `json:"delta"`
		Finish *string `json:"finish_reason"`
	} `json:"choices"`
	Model *string `json:"model"`
	Usage *struct {
		Prompt     int `json:"prompt_tokens"`
		Completion int `json:"completion_tokens"`
	} `json:"usage"`
	Error any `json:"error"`
}

// The scanner agrees with encoding/json on whatever that accepts. (Keys that occur twice or differ in case are left
// out: encoding/json merges the ones and ignores case in the others, and no server sends either.)
func FuzzScanEvent(f *testing.F) {
	for _, s := range []string{chunkA, chunkB, usage, `{}`, `{"choices":null}`, `{"choices":[{"delta":{}}]}`, `{"choices":[{}]}`, `{"error":1}`, thoughtA, toolA} {
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
		text, finish, thought, model := "", "", "", ""
		if want.Model != nil {
			model = *want.Model
		}
		if len(want.Choices) > 0 {
			c := want.Choices[0]
			if c.Text != nil {
				text = *c.Text
			}
			if c.Delta != nil && c.Delta.Content != nil {
				text = *c.Delta.Content
			}
			if c.Delta != nil && c.Delta.Reasoning != nil {
				thought = *c.Delta.Reasoning
			}
			if c.Finish != nil {
				finish = *c.Finish
			}
		}
		if string(got.Thought) != thought || string(got.Model) != model || string(got.Text) != text || string(got.Finish) != finish || got.Choices != (len(want.Choices) > 0) ||
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
	for _, name := range []string{"choices", "text", "delta", "content", "finish_reason", "usage", "prompt_tokens", "completion_tokens", "error", "model", "reasoning", "tool_calls"} {
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

// TestSaid: an event with choices can be empty; what is said first, what is a thought, and what is the answer are told apart.
func TestSaid(t *testing.T) {
	event := func(delta string) []byte {
		return []byte(`data: {"model":"org/tiny","choices":[{"delta":{` + delta + `}}]}` + "\n\n")
	}
	var s Stream
	for at, delta := range []string{1: `"role":"assistant","content":""`, 2: `"reasoning_content":"so"`, 3: `"reasoning_content":"so"`,
		4: `"reasoning":"hm"`, 5: `"content":"yes"`, 6: `"content":"yes"`, 7: `"tool_calls":[{"index":0}]`, 8: `"content":""`} {
		if f := s.Feed(event(delta), time.Duration(at)); at > 0 && f != nil {
			t.Fatal(f)
		}
	}
	if want := (Said{First: 2, Thought: 2, Answer: 5, Last: 7, Events: 6, Hidden: 6 + len(`[{"index":0}]`)}); s.Said != want {
		t.Errorf("%+v, want %+v", s.Said, want)
	}
	if string(s.Text) != "yesyes" || len(s.Events) != 9 || s.Model != "org/tiny" {
		t.Errorf("%q, %d events, %q", s.Text, len(s.Events), s.Model)
	}
	if f := s.Feed([]byte(`data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":9,"completion_tokens_details":{"reasoning_tokens":4}}}`+"\n\n"), 9); f != nil || s.Reasoned != 4 {
		t.Errorf("%v, %d tokens are thoughts", f, s.Reasoned)
	}
	if e := s.Said.Earlier(1); e.First != 1 || e.Last != 6 || (Said{}).Earlier(5) != (Said{}) {
		t.Errorf("%+v", e)
	}
}
