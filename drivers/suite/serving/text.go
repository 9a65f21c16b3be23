package serving

import (
	"encoding/json"
	"strconv"
	"time"
)

// What a run leaves holds a text and a time for each token. encoding/json takes most of the time between the last answer and the
// end of a run for them, so they are written here.

// appendText adds a text as a JSON string.
func appendText[T string | []byte](b []byte, text T) []byte {
	for i := range len(text) {
		if !plain(text[i]) {
			escaped, _ := json.Marshal(string(text)) // a string always has a form
			return append(b, escaped...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// plain reports whether a byte stands for itself in a JSON string, as encoding/json writes it.
func plain(c byte) bool {
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
}

// appendSeconds adds a time in seconds, to the nanosecond.
func appendSeconds(b []byte, d time.Duration) []byte {
	if d < 0 {
		b, d = append(b, '-'), -d
	}
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	rest := int64(d % time.Second)
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(time.Second / 10); rest > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}
