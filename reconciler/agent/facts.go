package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/drivers/safefile"
	"assay/reconciler/redact"
)

// What a server really runs is told with its state, for the results that are measured on it. Nothing waits for it: what takes
// long is found out beside the loop, and absent until then.

const podmanTimeout = time.Minute

// facts are what is known of one start of a process.
type facts struct {
	ran   drivers.Ran
	slow  chan drivers.Ran // the image and the version, when they are known
	known *drivers.Ran     // nil until the process was Ready
}

// found begins to find out what a command that has just been started runs.
func (p *process) found(cmd *exec.Cmd) {
	p.facts = facts{ran: drivers.Ran{GPUs: p.gpus, Absent: map[string]string{}}, slow: make(chan drivers.Ran, 1)}
	p.facts.ran.Argv, p.facts.ran.Env = p.shown(cmd.Args)
	var ask *exec.Cmd
	if len(p.want.Ask) > 0 {
		ask, _ = p.command(p.want.Ask) // one that cannot be made has no version
	}
	image, answers := p.want.Image, p.facts.slow
	go func() {
		out := drivers.Ran{Absent: map[string]string{}}
		out.Image, out.Absent["image"] = p.a.digest(image)
		out.Version, out.Absent["version"] = printed(ask)
		answers <- out
	}()
	for _, field := range []string{"image", "version"} {
		p.facts.ran.Absent[field] = "it was not known yet when the run began"
	}
}

// shown are arguments and declared variables without what is, or looks like, a secret.
func (p *process) shown(argv []string) ([]string, map[string]string) {
	doc := struct {
		Argv []string          `json:"argv"`
		Env  map[string]string `json:"env,omitempty"`
	}{argv, map[string]string{}}
	for name, value := range p.want.Env {
		if v, err := p.expand(value); err == nil {
			doc.Env[name] = v
		}
	}
	b, err := json.Marshal(doc)
	if err == nil {
		b, _, err = redact.Settings(b)
	}
	doc.Argv, doc.Env = nil, nil
	if err != nil || json.Unmarshal(b, &doc) != nil {
		return nil, nil
	}
	for i, word := range doc.Argv {
		doc.Argv[i] = p.a.secrets.Message(word)
	}
	for name, value := range doc.Env {
		doc.Env[name] = p.a.secrets.Message(value)
	}
	return doc.Argv, doc.Env
}

// learned are the facts of a process that is Ready, as far as they are known by now; nil before.
func (p *process) learned() *drivers.Ran {
	if p.phase != drivers.PhaseReady || p.facts.slow == nil {
		return p.facts.known
	}
	f := &p.facts
	if f.known == nil {
		f.ran.Weights, f.ran.Absent["weights"] = p.weights()
		early := f.ran
		early.Absent = nonempty(f.ran.Absent)
		f.known = &early
	}
	select {
	case late := <-f.slow:
		f.ran.Image, f.ran.Version = late.Image, p.a.secrets.Message(late.Version)
		for field, why := range late.Absent {
			f.ran.Absent[field] = p.a.secrets.Message(why)
		}
		f.ran.Absent = nonempty(f.ran.Absent)
		whole := f.ran
		f.known, f.slow = &whole, nil
	default:
	}
	return f.known
}

// nonempty is a map without the keys that have no text.
func nonempty(m map[string]string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		if v != "" {
			out[k] = v
		}
	}
	return out
}

// digest is that of what a process runs in: of a file its SHA-256, of anything else what podman says.
// A file that did not change is read once.
func (a *agent) digest(image string) (sum, absent string) {
	switch {
	case image == "":
		return "", "it runs without a container"
	case !strings.HasPrefix(image, "/"):
		ctx, cancel := context.WithTimeout(context.Background(), podmanTimeout)
		defer cancel()
		out, err := bounded.Combined(exec.CommandContext(ctx, "podman", "image", "inspect", "--format", "{{.Digest}}", image), maxAsked)
		if text := strings.TrimSpace(string(out)); err == nil && strings.HasPrefix(text, "sha256:") {
			return text, ""
		}
		return "", fmt.Sprintf("podman does not tell the digest of %s (%v)", image, err)
	}
	f, err := safefile.Open(image)
	if err != nil {
		return "", fmt.Sprintf("its image cannot be read: %v", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Sprintf("its image cannot be read: %v", err)
	}
	key := fmt.Sprintf("%s %d %d", image, info.Size(), info.ModTime().UnixNano())
	if sum, ok := a.digests.Load(key); ok {
		return sum.(string), ""
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Sprintf("its image cannot be read: %v", err)
	}
	sum = "sha256:" + hex.EncodeToString(h.Sum(nil))
	a.digests.Store(key, sum)
	return sum, ""
}

// printed is the first line that a program prints when it is asked for its version.
func printed(cmd *exec.Cmd) (version, absent string) {
	if cmd == nil {
		return "", "its program is not asked for its version"
	}
	ctx, cancel := context.WithTimeout(context.Background(), versionTimeout)
	defer cancel()
	c := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...)
	c.Env, c.Dir, c.WaitDelay = cmd.Env, cmd.Dir, time.Second
	out, err := bounded.Combined(c, maxAsked)
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	if err != nil || line == "" {
		return "", fmt.Sprintf("asked for its version, %s printed %.100q (%v)", cmd.Args[0], line, err)
	}
	return fmt.Sprintf("%.200s", line), ""
}

// hub is where a process has its Hugging Face cache.
func (p *process) hub() string {
	env := map[string]string{}
	list, err := p.environment()
	if err != nil {
		return ""
	}
	for _, v := range list {
		name, value, _ := strings.Cut(v, "=")
		for _, prefix := range []string{"APPTAINERENV_", "SINGULARITYENV_"} { // as a container gets it
			name = strings.TrimPrefix(name, prefix)
		}
		env[name] = value
	}
	switch {
	case env["HF_HUB_CACHE"] != "":
		return env["HF_HUB_CACHE"]
	case env["HF_HOME"] != "":
		return env["HF_HOME"] + "/hub"
	case env["XDG_CACHE_HOME"] != "":
		return env["XDG_CACHE_HOME"] + "/huggingface/hub"
	}
	return env["HOME"] + "/.cache/huggingface/hub"
}

// weights is the commit of the files of the process' model in the Hugging Face cache.
func (p *process) weights() (commit, absent string) {
	w := p.want.Weights
	if w == nil {
		return "", "it reads no weights that assay knows of"
	}
	if strings.HasPrefix(w.Model, "/") || strings.HasPrefix(w.Model, ".") {
		return "", "its model is a folder, which has no revision: " + w.Model
	}
	folder := w.Folder(p.hub())
	revision := or(w.Revision, "main")
	if _, err := os.Stat(folder + "/snapshots/" + revision); err == nil && len(revision) == 40 { // it is a commit
		return revision, ""
	}
	f, err := safefile.Open(folder + "/refs/" + revision)
	if err != nil {
		return "", fmt.Sprintf("the Hugging Face cache does not tell it: %v", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 100))
	if commit = strings.TrimSpace(string(b)); err != nil || len(commit) != 40 {
		return "", fmt.Sprintf("the Hugging Face cache does not tell it: %s holds no commit", f.Name())
	}
	return commit, ""
}
