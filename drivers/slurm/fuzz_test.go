package slurm

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"assay/drivers"
)

// saysNoMore fails when a job that was read says more than the text that it was read from, or what cannot be.
func saysNoMore(t *testing.T, text string, j drivers.Job) {
	t.Helper()
	if len(j.ID) > len(text) || len(j.Name) > 3*len(text) || len(j.Reason) > len(text) {
		t.Errorf("%d bytes became %+v", len(text), j)
	}
	if j.Limit < 0 || !j.Signalled.IsZero() && j.Signalled.After(j.Ends) {
		t.Errorf("%q has a limit of %s, ends %s and is signalled %s", text, j.Limit, j.Ends, j.Signalled)
	}
}

// clock is a time as Slurm prints it.
func clock(t time.Time) string {
	if t.IsZero() {
		return "N/A"
	}
	return t.Format("2006-01-02T15:04:05")
}

// printed is a job as scontrol would print it.
func printed(j drivers.Job) string {
	s := j.Limit / time.Second
	limit := fmt.Sprintf("%d-%02d:%02d:%02d", s/86400, s/3600%24, s/60%60, s%60)
	state := "NEW_WORD"
	for word, of := range states {
		if of == j.State {
			state = word
		}
	}
	return fmt.Sprintf("JobId=%s JobName=%s JobState=%s Reason=%s ExitCode=%d:%d TimeLimit=%s SubmitTime=%s StartTime=%s EndTime=%s Comment=%s \n",
		j.ID, j.Name, state, j.Reason, j.Exit, j.Signal, limit, clock(j.Submitted), clock(j.Started), clock(j.Ends), j.Tag)
}

// FuzzParseShow: what scontrol's line is read as, printed and read again, is the same.
func FuzzParseShow(f *testing.F) {
	f.Add(shown)
	f.Add("No jobs in the system\n")
	f.Add("slurm_load_jobs error: Invalid job id specified")
	f.Add("JobId=3 JobState=FAILED Reason=JobLaunchFailure ExitCode=0:9 TimeLimit=1--5:00 Comment=assay:v1 s e/g/0 r n  StdErr=/dev/null\n")
	f.Add("JobId=3 JobState=TIMEOUT TimeLimit=9223372036854775807-00:00:00 EndTime=2026-11-23T18:48:36\n")
	f.Fuzz(func(t *testing.T, text string) {
		j, ok := parseShow(text)
		if ok != (j.ID != "") {
			t.Fatalf("%q: %v, %+v", text, ok, j)
		}
		saysNoMore(t, text, j)
		if !ok || j.State == drivers.JobUnknown { // the reason of an unknown state is its word
			return
		}
		again, _ := parseShow(printed(j))
		again.Tag, j.Tag = drivers.Tag{}, drivers.Tag{} // a comment that is no tag is kept in part
		if fmt.Sprintf("%+v", again) != fmt.Sprintf("%+v", j) {
			t.Errorf("%q is\n%+v, and that is\n%+v", text, j, again)
		}
	})
}

// FuzzParseSacct: only a line of six fields is a job, and its comment keeps what else looks like one.
func FuzzParseSacct(f *testing.F) {
	for _, s := range []string{"12|CANCELLED by 1000|0:15|2026-11-28T12:00:00|2026-11-28T12:30:00|assay:v1 s e/g/0/0 r n", "12|FAILED|7:0|None|Unknown|a|b", "Slurm accounting storage is disabled", "|||||", "12|OUT_OF_ME+|0:125|||"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		j, ok := parseSacct(line)
		if ok != (strings.Count(line, "|") >= 5) {
			t.Fatalf("%q: %v", line, ok)
		}
		saysNoMore(t, line, j)
		if id, _, _ := strings.Cut(line, "|"); ok && string(j.ID) != id {
			t.Errorf("%q is job %q", line, j.ID)
		}
	})
}

// FuzzLimitOf: a limit is never negative, and 0 for what is none.
func FuzzLimitOf(f *testing.F) {
	for _, s := range []string{"UNLIMITED", "365-00:00:00", "1-02:04:00", "5:00", "0:30", "1--5:00", "-1:00", "106752-00:00:00", "9999999999999-0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d := limitOf(s); d < 0 || d%time.Second != 0 {
			t.Errorf("%q is %s", s, d)
		}
	})
}

// FuzzClusterName: a name is one that the text holds behind an equals sign.
func FuzzClusterName(f *testing.F) {
	f.Add("Configuration data as of 2026-11-23T18:48:33\nClusterName             = assay\nCompleteWait            = 0 sec\n")
	f.Add("ClusterName = (null)\n")
	f.Fuzz(func(t *testing.T, config string) {
		name, ok := clusterName(config)
		if ok != (name != "") || ok && (name != strings.TrimSpace(name) || !strings.Contains(config, name)) {
			t.Errorf("%q: %q, %v", config, name, ok)
		}
	})
}
