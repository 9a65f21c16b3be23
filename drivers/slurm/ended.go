package slurm

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"assay/drivers"
)

// Ended asks the controller, which has a job until MinJobAge after its end, then the accounting if there is one.
func (s *Scheduler) Ended(ctx context.Context, id drivers.JobID, nonce string) (drivers.Job, error) {
	a := s.call(ctx, "scontrol", "show", "job", "--oneliner", string(id))
	if a.err != nil || unreachable(a.text) {
		return drivers.Job{}, fmt.Errorf("asking how job %s ended: %w: %w", id, a.failure(), drivers.ErrUnavailable)
	}
	if a.code == 0 {
		if j, ok := parseShow(a.out); ok && j.Tag.Nonce != "" && j.Tag.Nonce == nonce {
			return j, nil
		}
		return drivers.Job{}, fmt.Errorf("asking how job %s ended: its id belongs to another job now: %w", id, drivers.ErrNotFound)
	}
	a = s.call(ctx, "sacct", "-X", "-n", "-P", "-j", string(id), "-o", "JobID,State,ExitCode,Start,End,Comment")
	if a.err == nil && a.code == 0 {
		for line := range strings.Lines(a.out) {
			if j, ok := parseSacct(strings.TrimSuffix(line, "\n")); ok && j.ID == id && (j.Tag.Nonce == nonce || j.Tag.Nonce == "") {
				return j, nil
			}
		}
	}
	return drivers.Job{}, fmt.Errorf("asking how job %s ended: neither the controller nor the accounting has it: %w", id, drivers.ErrNotFound)
}

// parseShow reads `scontrol show job --oneliner`. Values may hold blanks, so each goes up to the next KEY=.
func parseShow(text string) (drivers.Job, bool) {
	get := func(key string) string {
		_, rest, found := strings.Cut(" "+text, " "+key+"=")
		if !found {
			return ""
		}
		words := strings.Split(strings.TrimRight(rest, "\n"), " ")
		value := words[0]
		for _, w := range words[1:] {
			if strings.Contains(w, "=") {
				break
			}
			value += " " + w
		}
		return strings.TrimRight(value, " ") // a comment has two blanks behind it
	}
	j := drivers.Job{ID: drivers.JobID(get("JobId")), Name: get("JobName"), State: stateOf(get("JobState")), Reason: get("Reason"),
		Submitted: timeOf(get("SubmitTime")), Started: timeOf(get("StartTime")), Ends: timeOf(get("EndTime")), Limit: limitOf(get("TimeLimit"))}
	explain(&j, get("JobState"))
	j.Tag, _ = drivers.ParseTag(get("Comment"))
	j.Exit, j.Signal = exitOf(get("ExitCode"))
	return j, j.ID != ""
}

// parseSacct reads one line of JobID|State|ExitCode|Start|End|Comment; the comment may hold the separator. A job that never
// started has None or Unknown for its times.
func parseSacct(line string) (drivers.Job, bool) {
	f := strings.SplitN(line, "|", 6)
	if len(f) != 6 {
		return drivers.Job{}, false
	}
	j := drivers.Job{ID: drivers.JobID(f[0]), State: stateOf(f[1])}
	j.Exit, j.Signal = exitOf(f[2])
	j.Started, j.Ends = timeOf(f[3]), timeOf(f[4])
	j.Tag, _ = drivers.ParseTag(f[5])
	return j, true
}

// exitOf reads code:signal.
func exitOf(s string) (code, signal int) {
	c, sig, _ := strings.Cut(s, ":")
	code, _ = strconv.Atoi(c)     // 0 when it is not a number
	signal, _ = strconv.Atoi(sig) // likewise
	return code, signal
}
