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

// appendFraction adds so many digits behind the point, six or nine, without zeros at the end.
func appendFraction(b []byte, n uint32, digits int) []byte {
	if n == 0 {
		return b
	}
	at := len(b)
	b = append(b, ".000000000"[:1+digits]...)
	for i := digits - 2; i > 0; i -= 3 {
		three := &threes[n%1000]
		b[at+i], b[at+i+1], b[at+i+2] = three[0], three[1], three[2]
		n /= 1000
	}
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	return b
}

// threes are the numbers below a thousand, of three digits each.
var threes = func() (all [1000][3]byte) {
	for n := range all {
		all[n] = [3]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)}
	}
	return all
}()

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
