package accept

import (
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/source"
)

// TestTemporary: what a pull request is measured as shares nothing with the experiment that it was made from, which stays as it is.
func TestTemporary(t *testing.T) {
	was := doc("e", "a")
	was.Metadata.Labels = map[string]string{"purpose": "scaling"}
	was.Spec.Schedule, was.Spec.WhenDone = "0 2 * * *", "Keep"
	was.Spec.Services = []v1alpha1.Service{
		{Name: "disk", Lustre: &v1alpha1.Lustre{Path: "/scratch/io"}}, {Name: "own", Lustre: &v1alpha1.Lustre{Path: "io"}},
		{Name: "web", Process: &v1alpha1.Process{Command: []string{"serve", "--port=$(PORT)"}, Port: 8080}}, {Name: "fixed", Process: &v1alpha1.Process{Command: []string{"serve"}, Port: 9090}},
	}
	got := Temporary(was, "e-pr-1234567")
	s := got.Spec.Services
	if got.Metadata.Name != "e-pr-1234567" || len(got.Metadata.Labels) > 0 || got.Spec.Schedule != "" || got.Spec.WhenDone != "Stop" {
		t.Errorf("%+v %+v", got.Metadata, got.Spec)
	}
	if s[0].Lustre.Path != "/scratch/io/e-pr-1234567" || s[1].Lustre.Path != "io" || s[2].Process.Port != 0 || s[3].Process.Port != 9090 {
		t.Errorf("%+v", s)
	}
	if was.Spec.Services[0].Lustre.Path != "/scratch/io" || was.Spec.Services[2].Process.Port != 8080 || was.Metadata.Name != "e" {
		t.Errorf("the original became %+v", was)
	}
}

func TestTemporaryNames(t *testing.T) {
	long := strings.Repeat("a", 60)
	one, other := TemporaryName(long+"1", "0123456789", "-base"), TemporaryName(long+"2", "0123456789", "-base")
	if TemporaryName("e", "0123456789", "") != "e-pr-0123456" || len(one) != 63 || one == other || !strings.HasSuffix(one, "-pr-0123456-base") {
		t.Errorf("%s and %s", one, other)
	}
}

// TestPairs: what both sides have, in the order of the pull request, then what it removes.
func TestPairs(t *testing.T) {
	b := batch(t, PullRequest)
	got, err := b.Pairs([]v1alpha1.ExperimentDoc{doc("new", "a"), doc("same", "a"), doc("other", "a", "b")}, []v1alpha1.ExperimentDoc{doc("gone", "a"), doc("other", "a"), doc("same", "a")})
	var out []string
	for _, p := range got {
		word := p.Name
		for is, mark := range map[bool]string{p.Head == nil: "-", p.Base == nil: "+", p.Unchanged: "="} {
			if is {
				word += mark
			}
		}
		out = append(out, word)
	}
	if want := "new+ same= other gone-"; err != nil || strings.Join(out, " ") != want {
		t.Errorf("%v %v, want %s", out, err, want)
	}
}

// TestOwnersOfPullRequests: each measurement has an owner of its own, which no source takes for itself, and the next one finds what
// the last one left.
func TestOwnersOfPullRequests(t *testing.T) {
	b := batch(t, PullRequest)
	b.Origin = drivers.Origin{Source: PullRequest, Identity: "first:exp", Ref: "pull/7/head", Time: source.Here(PullRequest).Time}
	if _, err := b.Accept([]v1alpha1.ExperimentDoc{doc("e-pr-1", "a")}); err != nil {
		t.Fatal(err)
	}
	later := b
	later.Origin.Time = b.Origin.Time.Add(1)
	left, err := later.Leftovers()
	if err != nil || len(left) != 1 || left[0].Experiment != "e-pr-1" {
		t.Errorf("left: %+v, %v", left, err)
	}
	if own, err := b.Leftovers(); err != nil || len(own) > 0 {
		t.Errorf("its own are no leftovers: %+v, %v", own, err)
	}
	other := later
	other.Origin.Ref = "pull/8/head"
	if left, err := other.Leftovers(); err != nil || len(left) > 0 {
		t.Errorf("of another pull request: %+v, %v", left, err)
	}
	follows := from(b, absolute)
	follows.Origin.Identity = "first:exp"
	if gone, err := follows.Gone(nil); err != nil || len(gone) > 0 {
		t.Errorf("a source that follows the repository would prune %+v, %v", gone, err)
	}
}
