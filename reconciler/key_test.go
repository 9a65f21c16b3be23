package reconciler

import (
	"path/filepath"
	"strings"
	"testing"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/store"
)

// TestKey: the key of a service is found by its name, or an error says why there is none and what to type.
func TestKey(t *testing.T) {
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	for name, value := range map[string]string{"exp.made.VLLM_API_KEY.key": "made\n", "digest": "given"} {
		if err := (durable.Writer{}).Replace(file(name), []byte(value), nil); err != nil {
			t.Fatal(err)
		}
	}
	compiler := func(_ v1alpha1.Site, _ v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
		files := map[string]string{"made": "exp.made.VLLM_API_KEY.key", "given": "digest", "soon": "exp.soon.VLLM_API_KEY.key", "lost": "nowhere", "far": "digest"}
		p := drivers.Process{Name: s.Name}
		if f := files[s.Name]; f != "" {
			p.Token, p.Secrets = "K", map[string]string{"K": file(f)}
		}
		return drivers.Compiled{Kind: s.Type(), Processes: []drivers.Process{p}}, nil
	}
	vllm := func(name, auth string) v1alpha1.Service {
		return v1alpha1.Service{Name: name, Auth: auth, VLLM: &v1alpha1.VLLM{Model: "m"}}
	}
	heads := []store.Revision{
		{Experiment: "exp", Spec: v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{Services: []v1alpha1.Service{
			vllm("made", "key"), vllm("given", "key"), vllm("soon", "key"), vllm("lost", "key"), vllm("open", "none"), vllm("older", ""),
			{Name: "web", Process: &v1alpha1.Process{Command: []string{"x"}}}, {Name: "theirs", External: &v1alpha1.External{Type: "vllm"}}}}}},
		{Experiment: "other", Spec: v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{Services: []v1alpha1.Service{vllm("made", "key")}}}},
	}
	for name, want := range map[string]string{"exp/made": "made", "other/made": "made", "given": "given", "exp/given": "given"} {
		if got, err := Key(heads, compiler, name); err != nil || got != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{
		"made": "exp/made other/made", "nothing": "assay get services", "soon": "it is made when its first job is submitted", "lost": "apply the manifest again",
		"open": "says auth: none", "older": "apply it again", "web": "model servers and chroma only", "theirs": "run by others",
	} {
		if got, err := Key(heads, compiler, name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
}

// TestOlderRevisionStaysKeyless: a revision that says nothing of keys compiles as it did, at each point of its sweep too.
func TestOlderRevisionStaysKeyless(t *testing.T) {
	rev := testRevision()
	rev.Spec.Spec.Sweep = &v1alpha1.Sweep{Matrix: map[string][]any{"services.llm.replicas": {1, 2}}}
	var got []string
	compiler := func(site v1alpha1.Site, e v1alpha1.Experiment, s v1alpha1.Service) (drivers.Compiled, error) {
		got = append(got, s.Auth)
		return compileSim(site, e, s)
	}
	for auth, want := range map[string]string{"": "", "key": "key", "none": "none"} {
		rev.Spec.Spec.Services[0].Auth, got = auth, nil
		if _, err := compile(rev, compiler); err != nil {
			t.Fatal(err)
		}
		if len(got) != 3 || strings.Join(got, " ") != strings.Join([]string{want, want, want}, " ") {
			t.Errorf("auth %q became %q", auth, got)
		}
	}
}
