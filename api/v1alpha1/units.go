package v1alpha1

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timeUnits are lengths of time as people write them.
var timeUnits = map[string]time.Duration{
	"ms": time.Millisecond, "msec": time.Millisecond, "msecs": time.Millisecond, "millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour, "w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}

var (
	timePart  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([a-z]+)`)
	slurmTime = regexp.MustCompile(`^(?:([0-9]{1,4})-)?([0-9]{1,3}):([0-9]{2}):([0-9]{2})$`)
	byteText  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)([kmgt]?)(i?)(b|bytes?)?$`)
	thousands = regexp.MustCompile(`^([0-9]+)[ _,']?([kKmM])$`)
)

// durationHint says how to write what is not a duration.
func durationHint(s string) string {
	if d, ok := meantDuration(strings.ToLower(strings.Join(strings.Fields(s), ""))); ok {
		return "write " + d
	}
	return "write 90s, 5m, 2h30m or 2d"
}

// meantDuration reads a length of time with other names of its units, or as Slurm writes it.
func meantDuration(s string) (string, bool) {
	if len(s) > 40 {
		return "", false
	}
	if p := slurmTime.FindStringSubmatch(s); p != nil {
		var n [5]int
		for i, text := range p[1:] {
			n[i], _ = strconv.Atoi(text) // digits, or nothing
		}
		return written(time.Duration(n[0])*24*time.Hour + time.Duration(n[1])*time.Hour + time.Duration(n[2])*time.Minute + time.Duration(n[3])*time.Second)
	}
	if p := timePart.FindStringSubmatch(s); p != nil && len(p[0]) == len(s) && !strings.Contains(p[1], ".") {
		for _, unit := range []string{"ms", "s", "m", "h", "d"} {
			if timeUnits[p[2]] == timeUnits[unit] {
				return p[1] + unit, true
			}
		}
	}
	var sum time.Duration
	for s != "" {
		p := timePart.FindStringSubmatch(s)
		if p == nil || timeUnits[p[2]] == 0 {
			return "", false
		}
		n, err := strconv.ParseFloat(p[1], 64)
		if err != nil || n > 1e6 {
			return "", false
		}
		sum, s = sum+time.Duration(n*float64(timeUnits[p[2]])), strings.TrimPrefix(s[len(p[0]):], "and")
	}
	return written(sum)
}

func written(d time.Duration) (string, bool) {
	if day := 24 * time.Hour; d >= day && d%day == 0 {
		return fmt.Sprintf("%dd", d/day), true
	}
	return Duration(d).String(), d > 0
}

// quantityHint says how to write what is not a quantity.
func quantityHint(s string) string {
	const otherwise = "write 512Mi, 64Gi or 1T"
	p := byteText.FindStringSubmatch(strings.ToLower(strings.Join(strings.Fields(s), "")))
	if p == nil || len(s) > 40 {
		return otherwise
	}
	unit := strings.ToUpper(p[2])
	binary := map[string]string{"": "", "K": "Ki", "M": "Mi", "G": "Gi", "T": "Ti"}[unit]
	decimal := strings.Replace(unit, "K", "k", 1)
	power := map[string]string{"K": "", "M": "²", "G": "³", "T": "⁴"}[unit]
	switch {
	case unit == "":
		return "write " + p[1]
	case p[3] != "":
		return "write " + p[1] + binary
	}
	return fmt.Sprintf("write %s%s (1024%s bytes) or %s%s (1000%s)", p[1], binary, power, p[1], decimal, power)
}

// shareHint says how to write a number as a share.
func shareHint(text string) string {
	v, err := strconv.ParseFloat(strings.Trim(text, `" %`), 64)
	if err != nil || v <= 0 || v > 1e6 {
		return "write 5%"
	}
	if v < 1 {
		v *= 100
	}
	return "write " + strconv.FormatFloat(v, 'g', 6, 64) + "%"
}

// leading is the number that a text begins with, for 10/s or 1000 tok/s; otherwise what else to write.
func leading(text, otherwise string) string {
	number := strings.TrimLeft(strings.Trim(text, `"`), " ")
	end := strings.IndexFunc(number, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if end > 0 && end < 20 && strings.Contains(number[end:], "/s") || end > 0 && end < 20 && strings.Contains(number[end:], "per") {
		return "write " + number[:end]
	}
	return otherwise
}

// boundHint says how to write what is not a bound.
func boundHint(text string) string {
	if d, ok := meantDuration(strings.ToLower(strings.Join(strings.Fields(strings.Trim(text, `"`)), ""))); ok {
		return "write " + d
	}
	return leading(text, "write a number, or a time such as 500ms")
}

// wholeHint says how to write a whole number with a letter for thousands or millions.
func wholeHint(text string) string {
	p := thousands.FindStringSubmatch(text)
	if p == nil {
		return ""
	}
	return "write " + p[1] + map[string]string{"k": "000", "m": "000000"}[strings.ToLower(p[2])]
}
