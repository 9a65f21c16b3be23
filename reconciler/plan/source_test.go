package plan

import (
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// TestSynced: an experiment of a followed source says whether it is as the source has it, and why not. Others say nothing.
func TestSynced(t *testing.T) {
	const owner = "sync:0123:exp"
	commit := drivers.Origin{Source: "sync", Path: "/r#exp", Commit: "0123456789abcdef", Author: "Ann", Subject: "More nodes"}
	edit := drivers.Origin{Source: "watch", Path: "/w", Commit: "0123456789abcdef-dirty"}
	holds := []string{"d", "e"}
	for name, c := range map[string]struct {
		owner    string
		deleting bool
		sources  []Source
		status   string
		reason   Reason
		message  string
	}{
		"applied by hand":          {owner: "apply", sources: []Source{{Owner: owner, Experiments: holds}}},
		"its source left no word":  {owner: owner, sources: []Source{{Owner: "watch:/w"}}},
		"being deleted":            {owner: owner, deleting: true, sources: []Source{{Owner: owner, Origin: commit}}},
		"as the commit has it":     {owner, false, []Source{{Owner: "watch:/w"}, {Owner: owner, Origin: commit, Experiments: holds}}, v1alpha1.True, InSync, "commit 0123456789 by Ann (More nodes)"},
		"as the file has it":       {owner, false, []Source{{Owner: owner, Origin: edit, Experiments: holds}}, v1alpha1.True, InSync, "/w"},
		"left the repository":      {owner, false, []Source{{Owner: owner, Origin: commit, Experiments: []string{"d"}}}, v1alpha1.False, OutOfSync, "/r#exp no longer holds it"},
		"a broken commit":          {owner, false, []Source{{Owner: owner, Origin: commit, Experiments: holds, Broken: "exp/e.yaml:8:3: spec: wrong"}}, v1alpha1.False, BrokenCommit, "commit 0123456789 by Ann (More nodes) was not applied: exp/e.yaml:8:3: spec: wrong"},
		"a broken edit":            {owner, false, []Source{{Owner: owner, Origin: edit, Experiments: holds, Broken: "/w:8:3: spec: wrong"}}, v1alpha1.False, BrokenEdit, "the last edit was not applied: /w:8:3: spec: wrong"},
		"refused":                  {owner, false, []Source{{Owner: owner, Origin: commit, Experiments: holds, Refused: map[string]string{"e": "add --prune"}}}, v1alpha1.False, EditRefused, "add --prune"},
		"another one refused":      {owner, false, []Source{{Owner: owner, Origin: edit, Experiments: holds, Refused: map[string]string{"d": "add --prune"}}}, v1alpha1.True, InSync, "/w"},
		"a site among them":        {owner, false, []Source{{Owner: owner, Origin: commit, Experiments: holds, Sites: []string{"exp/s.yaml:1:1: not taken"}}}, v1alpha1.True, SiteNotTaken, "commit 0123456789 by Ann (More nodes); exp/s.yaml:1:1: not taken"},
		"by hand, and claimed":     {"apply", false, []Source{{Owner: owner, Origin: commit, Experiments: holds, Refused: map[string]string{"e": "left; add --adopt"}}}, v1alpha1.False, AnotherOwner, "/r#exp declares it too: left; add --adopt"},
		"another source claims it": {owner, false, []Source{{Owner: "watch:/w", Origin: edit, Experiments: holds, Refused: map[string]string{"e": "left; add --adopt"}}, {Owner: owner, Origin: commit, Experiments: holds}}, v1alpha1.False, AnotherOwner, "/w declares it too: left; add --adopt"},
		"claimed, being deleted":   {owner: "apply", deleting: true, sources: []Source{{Owner: owner, Origin: commit, Refused: map[string]string{"e": "left"}}}},
		"a repository that is off": {owner, false, []Source{{Owner: owner, Origin: commit, Unreadable: "no route"}}, v1alpha1.Unknown, SourceUnreadable, "no route"},
	} {
		d := Desired{Store: "us", Experiments: []Experiment{{Name: "e", Owner: c.owner, Generation: 3, Deleting: c.deleting}}}
		st := Plan(d, Observed{Now: epoch, Listing: Listing{At: epoch}, Sources: c.sources}).Status[0]
		got := v1alpha1.Find(st.Conditions, v1alpha1.Synced)
		if c.reason == "" {
			if got.Reason != string(NotObserved) {
				t.Errorf("%s: %+v", name, got)
			}
			continue
		}
		if got.Status != c.status || got.Reason != string(c.reason) || got.Message != c.message || got.ObservedGeneration != 3 {
			t.Errorf("%s: %+v", name, got)
		}
		later := Plan(d, Observed{Now: epoch.Add(time.Hour), Sources: c.sources, Previous: map[string]v1alpha1.ExperimentStatus{"e": st}}).Status[0]
		if again := v1alpha1.Find(later.Conditions, v1alpha1.Synced); !again.LastTransitionTime.Equal(epoch) {
			t.Errorf("%s: its time moved to %s", name, again.LastTransitionTime)
		}
	}
}
