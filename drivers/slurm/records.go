package slurm

import (
	"regexp"
	"strings"
)

// keyed is a word KEY=value, or the KEY= of an empty one.
var keyed = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_/:]*=`)

// readRecords reads what `scontrol show … --oneliner` prints: a record a line, KEY=value words, values with blanks. The first value of
// a key counts: the free text of a record, such as a comment, comes after the facts and can look like one.
func readRecords(text string) []map[string]string {
	var out []map[string]string
	for line := range strings.Lines(text) {
		record, last := map[string]string{}, ""
		for _, word := range strings.Fields(line) {
			if key := keyed.FindString(word); key != "" {
				last = key[:len(key)-1]
				if _, there := record[last]; there {
					last = ""
					continue
				}
				record[last] = word[len(key):]
			} else if last != "" {
				record[last] += " " + word
			}
		}
		if len(record) > 0 {
			out = append(out, record)
		}
	}
	return out
}

// listOf splits a list of names. Words for all, and for none, are the empty list.
func listOf(value string) []string {
	switch value {
	case "", "ALL", "(null)", "N/A", "NONE":
		return nil
	}
	return strings.Split(value, ",")
}
