package text

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Duration is a length of time as kubectl prints it: 45s, 5m, 3h12m, 2d4h.
func Duration(d time.Duration) string {
	d = max(d, 0)
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 3*time.Hour:
		return units(d, time.Minute, "m", time.Second, "s")
	case d < 48*time.Hour:
		return units(d, time.Hour, "h", time.Minute, "m")
	}
	return units(d, 24*time.Hour, "d", time.Hour, "h")
}

// units writes d in two units; the small one only when there are few of the big one.
func units(d, big time.Duration, bigName string, small time.Duration, smallName string) string {
	out := fmt.Sprintf("%d%s", d/big, bigName)
	if rest := d % big / small; rest > 0 && d/big < 10 {
		out += fmt.Sprintf("%d%s", rest, smallName)
	}
	return out
}

// Age is the time since t, or "-" when t is zero.
func Age(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Duration(time.Since(t))
}

// Left is the time until t, or "-" when t is zero.
func Left(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Duration(time.Until(t))
}

// Dash is s, or "-" when it is empty, so that a column is never blank.
func Dash(s string) string { return cmp.Or(s, "-") }

// Bytes is a size: 17 B, 1.5 KiB, 3.2 GiB.
func Bytes(n int64) string {
	const names = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	v, i := float64(n)/1024, 0
	for v >= 1024 && i < len(names)-1 {
		v, i = v/1024, i+1
	}
	return fmt.Sprintf("%.1f %ciB", v, names[i])
}

// Command is a command for a shell, with one option a line and every word quoted where it has to be.
func Command(argv []string) string {
	const width = 100
	var lines []string
	for _, w := range argv {
		q := quote(w)
		if last := len(lines) - 1; last >= 0 && !strings.HasPrefix(w, "-") && len(lines[last])+len(q) < width {
			lines[last] += " " + q
		} else {
			lines = append(lines, q)
		}
	}
	return strings.Join(lines, " \\\n        ")
}

func quote(w string) string {
	if w != "" && !strings.ContainsAny(w, " \t\n\"'`$\\;&|<>(){}[]*?!#~") {
		return w
	}
	return "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
}
