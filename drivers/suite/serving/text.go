package serving

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
)

// What a run leaves holds a text and a time for each token. encoding/json takes most of the time between the last answer and the
// end of a run for them, so they are written here.

// appendText adds a text as a JSON string.
func appendText[T string | []byte](b []byte, text T) []byte {
	for i := range len(text) {
		if !plain[text[i]] {
			escaped, _ := json.Marshal(string(text)) // a string always has a form
			return append(b, escaped...)
		}
	}
	return append(append(append(b, '"'), text...), '"')
}

// plain are the bytes that stand for themselves in a JSON string, as encoding/json writes it.
var plain = func() (all [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		all[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return all
}()

// appendSeconds adds a time in seconds, to the nanosecond.
func appendSeconds(b []byte, d time.Duration) []byte {
	if d < 0 {
		b, d = append(b, '-'), -d
	}
	b = strconv.AppendInt(b, int64(d/time.Second), 10)
	return appendFraction(b, uint32(d%time.Second), 9)
}

// appendFraction adds so many digits behind the point, at most nine, without zeros at the end.
func appendFraction(b []byte, n uint32, digits int) []byte {
	if n == 0 {
		return b
	}
	text := [10]byte{'.'}
	for i := digits; i > 0; i-- {
		text[i] = byte('0' + n%10)
		n /= 10
	}
	for text[digits] == '0' {
		digits--
	}
	return append(b, text[:digits+1]...)
}

// exactly is up to where a number of millionths has one form of 15 digits.
const exactly = 1e15

// appendMillis adds a number as encoding/json writes it in the usual form. Those of whole nanoseconds, in ms, take a fraction of the time.
func appendMillis(b []byte, ms float64) []byte {
	n := math.Round(ms * 1e6)
	if n < 0 || n >= exactly || n/1e6 != ms {
		return strconv.AppendFloat(b, ms, 'f', -1, 64)
	}
	b = strconv.AppendInt(b, int64(n)/1e6, 10)
	return appendFraction(b, uint32(uint64(n)%1e6), 6)
}
