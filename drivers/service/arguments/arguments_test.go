package arguments

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"assay/api/v1alpha1"
)

// TestArgparse: what real argparse prints is read, at any width.
func TestArgparse(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not installed")
	}
	for _, width := range []string{"60", "80", "200"} {
		cmd := exec.Command("python3", "testdata/server.py", "--help")
		cmd.Env = append(os.Environ(), "COLUMNS="+width)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		known := Parse(string(out))
		got := Check(known, "args", map[string]any{"dtype": "int3", "max_model_len": 8.0, "served-model-name": []any{"a"}, "enable-prefix-caching": false,
			"disable-log-requests": true, "a-name-that-is-so-long-that-its-help-begins-on-the-next-line": 1.0, "tool-call-parser": "hermes",
			"max-model-length": 1.0, "max-model-len": false, "no-enable-prefix-caching": true})
		want := []v1alpha1.Finding{
			{Path: "args[disable-log-requests]", Message: "is deprecated in this version of the server", Warning: true},
			{Path: "args[dtype]", Message: `must be one of auto, bfloat16, float16, float32, half, found "int3"`},
			{Path: "args[max-model-len]", Message: "cannot be switched off: the server has no --no-max-model-len", Hint: "leave it out"},
			{Path: "args[max-model-length]", Message: "is not an option of this version of the server", Hint: "did you mean max-model-len?"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s columns (-want +got)\n%s\n%s", width, diff, out)
		}
	}
	if got := Check(Parse("  --x  X\n  --no-x\n"), "args", map[string]any{"x": true, "no-x": true}); len(got) != 1 || got[0].Message != "contradicts x" {
		t.Errorf("%+v", got)
	}
}

// TestLlamaHelp: llama.cpp's form begins without a space.
func TestLlamaHelp(t *testing.T) {
	known := Parse("----- common params -----\n\n-c,    --ctx-size N                     size of the prompt context (default: 4096)\n" +
		"                                        (env: LLAMA_ARG_CTX_SIZE)\n-fa,   --flash-attn [on|off|auto]       set Flash Attention use\n")
	if len(known) != 2 || known[0].Names[0] != "ctx-size" || known[1].Names[0] != "flash-attn" {
		t.Errorf("%+v", known)
	}
}

// TestNothingKnown: what a program did not say refuses nothing.
func TestNothingKnown(t *testing.T) {
	if got := Check(nil, "args", map[string]any{"x": true}); got != nil {
		t.Errorf("%+v", got)
	}
}

// TestAsk: a program is asked once for each of its versions.
func TestAsk(t *testing.T) {
	dir := t.TempDir()
	program, count := filepath.Join(dir, "vllm"), filepath.Join(dir, "count")
	write := func(text string) {
		if err := os.WriteFile(program, []byte("#!/bin/sh\necho >> "+count+"\n"+text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	asked := func() int { b, _ := os.ReadFile(count); return strings.Count(string(b), "\n") }
	ask := func() ([]Option, error) {
		return Ask(t.Context(), filepath.Join(dir, "cache"), program, []string{program, "--help"})
	}
	if _, err := ask(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
	write("echo '  --old X  text'")
	for range 3 {
		if o, err := ask(); err != nil || len(o) != 1 || o[0].Names[0] != "old" {
			t.Fatalf("%+v %v", o, err)
		}
	}
	if asked() != 1 {
		t.Errorf("asked %d times", asked())
	}
	write("echo '  --new X  text'")
	if err := os.Chtimes(program, time.Now(), time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if o, err := ask(); err != nil || o[0].Names[0] != "new" {
		t.Errorf("%+v %v", o, err)
	}
	write("echo broken; exit 3")
	if _, err := ask(); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("a program that fails: %v", err)
	}
}

// TestAWaitIsSaid: a server that takes long to print its options is named meanwhile; one that answers at once is not.
func TestAWaitIsSaid(t *testing.T) {
	was := patience
	t.Cleanup(func() { patience = was })
	for script, want := range map[string]int{"echo '  --seed N'": 0, "sleep 0.5; echo '  --seed N'": 1} {
		if patience = was; want > 0 {
			patience = 50 * time.Millisecond
		}
		program := filepath.Join(t.TempDir(), "vllm")
		if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		said := make(chan string, 2)
		rule := Rule(t.Context(), t.TempDir(), func(text string) { said <- text }, func(v1alpha1.Site, v1alpha1.Service, []string) (string, []string, error) {
			return program, []string{program}, nil
		})
		e := v1alpha1.Experiment{Spec: v1alpha1.ExperimentSpec{Services: []v1alpha1.Service{{VLLM: &v1alpha1.VLLM{Args: map[string]any{"seed": 1.0}}}}}}
		if found := rule(v1alpha1.Site{}, e); len(found) > 0 {
			t.Errorf("%q: %+v", script, found)
		}
		if len(said) != want {
			t.Errorf("%q: said %d times", script, len(said))
		}
	}
}
