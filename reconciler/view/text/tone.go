package text

import "strings"

// judged are the columns whose words have colours.
var judged = map[string]bool{"STATUS": true, "STATE": true, "PHASE": true, "READY": true, "COMPLETE": true, "VALID": true, "TYPE": true, "VERDICT": true}

// toned are words of those columns. Others have none.
var toned = map[string]Tone{
	"Ready": Good, "AllReady": Good, "Running": Good, "Complete": Good, "True": Good, "yes": Good, "GO": Good, "Settled": Good,
	"Stalled": Bad, "Failed": Bad, "NO-GO": Bad, "no": Bad, "NodeFail": Bad, "OutOfMemory": Bad, "BootFail": Bad, "LaunchFailed": Bad, "Timeout": Bad,
	"Unknown": Doubtful, "Warning": Doubtful, "Lost": Doubtful, "False": Doubtful, "INCONCLUSIVE": Doubtful, "Suspended": Doubtful, "Cancelled": Doubtful, "Preempted": Doubtful,
	"Pending": Faint, "Superseded": Faint, "Deleted": Faint, "Normal": Faint, "Submitting": Faint,
}

// toneOf is the colour of a cell: by its first word, in a column whose words say how something is. Of 1/3, not all are there.
func toneOf(column, cell string) Tone {
	if !judged[column] {
		return Plain
	}
	if ready, all, ok := strings.Cut(cell, "/"); ok && column == "READY" {
		if ready == all {
			return Good
		}
		return Doubtful
	}
	word, _, _ := strings.Cut(cell, ",")
	word, _, _ = strings.Cut(word, ":")
	if tone, ok := toned[word]; ok {
		return tone
	}
	if strings.HasPrefix(word, "Waiting") {
		return Faint
	}
	return Plain
}
