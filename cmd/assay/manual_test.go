package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"assay/reconciler/plan"
	"assay/reconciler/results"
)

const repository = "../../"

// documents are what people read: README.md, the pages of the manual, and how to contribute.
func documents(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob(repository + "reconciler/manual/text/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatalf("the pages are not where they were: %v %v", pages, err)
	}
	return append(pages, repository+"README.md", repository+".github/CONTRIBUTING.md", repository+".github/SECURITY.md")
}

// codeBlock is what stands between two fences.
type codeBlock struct {
	at   string // file:line
	info string // behind the fence
	text string
}

func codeBlocks(t *testing.T, path string) (out []codeBlock) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	open := false
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !open:
			out = append(out, codeBlock{at: fmt.Sprintf("%s:%d", strings.TrimPrefix(path, repository), n), info: strings.TrimSpace(info)})
			open = true
		case fence:
			open = false
		case open:
			out[len(out)-1].text += line
		}
	}
	if open {
		t.Errorf("%s: a fence is not closed", path)
	}
	return out
}

// commands are the lines of a block that somebody types.
func (b codeBlock) commands() (out []string) {
	for line := range strings.Lines(b.text) {
		line = strings.TrimSpace(line)
		if b.info == "console" {
			var typed bool
			if line, typed = strings.CutPrefix(line, "$ "); !typed {
				continue
			}
		}
		if line != "" && line[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// TestManualBlocks: every block of code of every document is of a kind that is checked: commands parse, YAML is valid.
func TestManualBlocks(t *testing.T) {
	beside(t, 5*time.Second)
	w := newTestWorld(t)
	kinds := map[string]int{}
	for _, d := range documents(t) {
		for _, b := range codeBlocks(t, d) {
			kind, of, _ := strings.Cut(b.info, " ")
			kinds[kind]++
			switch kind {
			case "sh", "console":
				for _, line := range b.commands() {
					if err := parses(line); err != nil {
						t.Errorf("%s: %s\n%v", b.at, line, err)
					}
				}
			case "yaml":
				if err := w.validBlock(b, of); err != nil {
					t.Errorf("%s: %v", b.at, err)
				}
			case "text": // a drawing
				if strings.Contains(b.text, "\nassay ") {
					t.Errorf("%s: commands belong into a block of sh or console", b.at)
				}
			default:
				t.Errorf("%s: a block of %q is checked by nothing; write sh, console, yaml or text", b.at, b.info)
			}
		}
	}
	if kinds["sh"] < 15 || kinds["console"] < 10 || kinds["yaml"] < 8 {
		t.Errorf("only these blocks were found: %v", kinds)
	}
}

var (
	typedVerb = regexp.MustCompile(`(?:^|[;&|]|\$\(|--  ?)\s*(?:\w+=\S+ )*(?:bin/)?assay((?: [^|;&)#>]*)?)`)
	madeOf    = regexp.MustCompile(`(?:^|[;&|]|\$\()\s*make ([a-z -]+)`)
	scripts   = regexp.MustCompile(`\.ci/[a-z-]+`)
	manifests = regexp.MustCompile(`examples/[\w.-]+`)
	quoted    = regexp.MustCompile(`'[^']*'|"[^"]*"`)
)

// parses reports whether the verbs of a line take its options and arguments, and whether what it names is there.
func parses(line string) error {
	plain := quoted.ReplaceAllStringFunc(line, func(q string) string {
		if strings.Contains(q, "$(") { // commands in quotes are commands
			return q[1 : len(q)-1]
		}
		return "QUOTED"
	})
	for _, found := range typedVerb.FindAllStringSubmatch(plain, -1) {
		if err := takes(strings.Fields(found[1]), true); err != nil {
			return err
		}
	}
	makefile, err := os.ReadFile(repository + "Makefile")
	if err != nil {
		return err
	}
	for _, found := range madeOf.FindAllStringSubmatch(plain, -1) {
		for _, target := range strings.Fields(found[1]) {
			if target[0] != '-' && !bytes.Contains(makefile, []byte("\n"+target+":")) {
				return fmt.Errorf("there is no make %s", target)
			}
		}
	}
	for _, path := range slices.Concat(scripts.FindAllString(plain, -1), manifests.FindAllString(plain, -1)) {
		if _, err := os.Stat(repository + path); err != nil {
			return err
		}
	}
	return nil
}

// takes reports whether a verb takes these words.
func takes(words []string, arguments bool) error {
	root := newRoot(&app{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	c, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	c.InitDefaultHelpFlag()
	c.InitDefaultVersionFlag()
	if err := c.ParseFlags(rest); err != nil {
		return fmt.Errorf("%s: %w", c.CommandPath(), err)
	}
	if c == root && len(c.Flags().Args()) > 0 {
		return fmt.Errorf("there is no verb %q", words[0])
	}
	if arguments && c.Args != nil {
		return c.ValidateArgs(c.Flags().Args())
	}
	return nil
}

// wrappers make a manifest of a part of one.
var wrappers = map[string]string{
	"spec":    "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: part}\nspec:\n  site: slurm\n  %s",
	"service": "apiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: part}\nspec:\n  site: slurm\n  services:\n  - name: llm\n    %s",
	"site":    "apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: part}\nspec:\n  scheduler: slurm\n  %s",
}

var siteOf = regexp.MustCompile(`(?m)^  site: (\w+)`)

// validBlock validates a whole manifest, or a part of one: what stands behind yaml says of what.
func (w *testWorld) validBlock(b codeBlock, of string) error {
	text := b.text
	if of == "prometheus" {
		var jobs []struct {
			Name string `yaml:"job_name"`
		}
		err := yaml.Unmarshal([]byte(text), &jobs)
		if err == nil && (len(jobs) == 0 || jobs[0].Name == "") {
			err = errors.New("these are no scrape jobs")
		}
		return err
	}
	if pattern, ok := wrappers[of]; ok {
		first, _, _ := strings.Cut(pattern[strings.LastIndex(pattern, "\n")+1:], "%")
		text = fmt.Sprintf(pattern, strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+first))
	} else if of != "" && !strings.HasSuffix(of, ".yaml") {
		return fmt.Errorf("yaml %s is neither a part of a manifest nor a file", of)
	}
	if found := siteOf.FindStringSubmatch(text); found != nil && found[1] != "local" { // its own file is elsewhere
		text = fmt.Sprintf("apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: %s}\nspec: {scheduler: slurm, container: {runtime: apptainer}, partitions: {gpu: {gpusPerNode: 4}, cpu: {}}}\n---\n", found[1]) + text
	}
	out, errs, code := w.run("validate", w.write("block.yaml", text))
	if code != 0 {
		return fmt.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	return nil
}

var (
	inlineVerb = regexp.MustCompile("`assay ([^`…]*)`")
	linked     = regexp.MustCompile(`\]\(([^)#]+)\)`)
	saidOf     = regexp.MustCompile("`(\\w+)`[^`.]* in `([\\w/]+\\.go)`")
	sourcePath = regexp.MustCompile("`((?:api|cmd|drivers|reconciler|dashboards|examples|\\.ci|\\.github)/[\\w/.-]+)`")
)

// TestManualIsTrue: verbs and options in the text exist, links lead somewhere, and what is said of the sources is there.
func TestManualIsTrue(t *testing.T) {
	for _, d := range documents(t) {
		b, err := os.ReadFile(d)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(strings.Fields(string(b)), " ")
		at := strings.TrimPrefix(d, repository)
		for _, found := range inlineVerb.FindAllStringSubmatch(text, -1) {
			if words := strings.Fields(found[1]); len(words) > 0 && words[0] != strings.ToUpper(words[0]) {
				if err := takes(words, false); err != nil {
					t.Errorf("%s: `assay %s`: %v", at, found[1], err)
				}
			}
		}
		for _, found := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(d), found[1])); err != nil {
				t.Errorf("%s: a link leads to %s: %v", at, found[1], err)
			}
		}
		for _, found := range sourcePath.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(repository + found[1]); err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
		for _, found := range saidOf.FindAllStringSubmatch(text, -1) {
			source, err := os.ReadFile(repository + found[2])
			if err != nil || !bytes.Contains(source, []byte(found[1])) {
				t.Errorf("%s: %s is not in %s (%v)", at, found[1], found[2], err)
			}
		}
	}
}

// TestManualChecksCanFail shows that the checks of commands find what is wrong.
func TestManualChecksCanFail(t *testing.T) {
	for _, line := range []string{"assay aply -f x", "assay apply --nonsense", "assay validate x | assay get --wrong", `curl "$(assay kee llm)"`,
		"make nothing", ".ci/nothing", "assay plan -f examples/nothing.yaml", "assay version now", "VAR=x bin/assay aply"} {
		if parses(line) == nil {
			t.Errorf("nothing is found in: %s", line)
		}
	}
	for _, line := range []string{"assay apply -f examples/quickstart.yaml   # comment --nonsense", "make -s slurm-up", `curl -H "A: $(assay key llm)" x`, "assay --version"} {
		if err := parses(line); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// TestReferencesAreWhole: the generated pages have every verb, option, reason and metric that the code has.
func TestReferencesAreWhole(t *testing.T) {
	root := newRoot(&app{in: strings.NewReader(""), out: io.Discard, err: io.Discard})
	all, err := manualPages(root)
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{}
	for _, p := range all {
		if c, _, err := root.Find([]string{p.Name}); err == nil && c != root {
			t.Errorf("page %s has the name of a verb", p.Name)
		}
		text[p.Name] = p.Text
	}
	for _, v := range verbsOf(root) {
		for _, f := range v.Flags {
			if !strings.Contains(text["verbs"], "`"+f.Name+"`") {
				t.Errorf("%s lacks in the page of verbs", f.Name)
			}
		}
	}
	for _, m := range results.Catalogue() {
		if !strings.Contains(text["metrics"], "- `"+m.Name+"`") {
			t.Errorf("metric %s lacks in its page", m.Name)
		}
	}
	constant := regexp.MustCompile(`(?m)^\t\w+ +(?:Reason )? *= +(?:"([A-Z]\w+)"|drivers\.(?:Reason|Exposed|Lost)?(\w+))`)
	reasons := 0
	for _, path := range []string{"reconciler/plan/reasons.go", "drivers/suite/reasons.go", "drivers/lost.go"} {
		b, err := os.ReadFile(repository + path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if found := constant.FindStringSubmatch(line); found != nil && found[1] != "" {
				reasons++
				if !strings.Contains(text["reasons"], "| `"+found[1]+"` |") {
					t.Errorf("%s: reason %s lacks in its page", path, found[1])
				}
			}
		}
	}
	if reasons < 200 {
		t.Errorf("only %d reasons were found", reasons)
	}
	for _, r := range []plan.Reason{plan.NoKey, plan.OpenRanks, plan.DiskFull, plan.ReadOnlyFileSystem, plan.CommandNotFound, plan.InsecureRay, plan.GivenUp, plan.RunByOthers} { // declared by other packages
		if !strings.Contains(text["reasons"], "| `"+string(r)+"` |") {
			t.Errorf("reason %s lacks in its page", r)
		}
	}
	for _, want := range []string{"| 5 |", "`assay gate`", "`assay plan`", "| 130 |"} {
		if !strings.Contains(text["exit-codes"], want) {
			t.Errorf("the page of exit codes lacks %s", want)
		}
	}
}

// TestTutorial types the tutorial, word for word, and compares what appears with what it shows.
func TestTutorial(t *testing.T) {
	measures(t, 30*time.Second)
	walk(t, "tutorial.md")
}

// TestTutorialOnSlurm types the tutorial for clusters on a real one.
func TestTutorialOnSlurm(t *testing.T) {
	beside(t, 40*time.Second)
	walk(t, "tutorial-slurm.md", "SLURM_CONF="+startSlurm(t).Conf())
}

// busy are the reasons by which assay says that this machine had too much else to do for a figure.
var busy = regexp.MustCompile(`"Client(Busy|Crowded|Stolen|Stalled|Swapped|Throttled|Late)"`)

// walk types a page in a world of its own. Where other tests took the machine from a benchmark, so that a run does not count and the
// output is not that of the page, it begins once more.
func walk(t *testing.T, page string, env ...string) {
	t.Helper()
	for left := 2; ; left-- {
		w := newTestWorld(t, env...)
		faults := w.types(page)
		switch {
		case len(faults) == 0:
			w.until("nothing runs any more", 10*time.Second, func() (bool, string) {
				left := w.processes()
				return left == "", left
			})
			return
		case left == 0 || !w.crowded():
			t.Fatal(strings.Join(faults, "\n"))
		}
		t.Logf("once more, since the machine was busy: %s", strings.Join(faults, "\n"))
	}
}

// processes are the command lines of what runs in a world.
func (w *testWorld) processes() (left string) {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range all {
		if line, err := os.ReadFile(p); err == nil && bytes.Contains(line, []byte(w.dir)) {
			left += string(bytes.ReplaceAll(line, []byte{0}, []byte{' '})) + "\n"
		}
	}
	return left
}

// crowded reports whether a run in a world of walk says so.
func (w *testWorld) crowded() (crowded bool) {
	_ = filepath.WalkDir(filepath.Join(w.dir, "assay"), func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == "run.json" {
			text, _ := os.ReadFile(path)
			crowded = crowded || busy.Match(text)
		}
		return nil
	})
	return crowded
}

const mark = "@@@ end of a command"

// types types the console blocks of a page, in one shell, in a folder with the files that the page shows, and returns what is not as
// the page says.
func (w *testWorld) types(page string) (faults []string) {
	w.t.Helper()
	script := ""
	var shown []codeBlock // one for each command
	for _, b := range codeBlocks(w.t, repository+"reconciler/manual/text/"+page) {
		kind, of, _ := strings.Cut(b.info, " ")
		if kind == "yaml" && strings.HasSuffix(of, ".yaml") {
			w.write(of, b.text)
		}
		if kind != "console" {
			continue
		}
		for line := range strings.Lines(b.text) {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				script += command + "echo \"" + mark + " $?\"\n"
				shown = append(shown, codeBlock{at: b.at, info: strings.TrimSpace(command)})
			} else {
				shown[len(shown)-1].text += line
			}
		}
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 4*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash")
	c.Dir, c.Stdin = w.dir, strings.NewReader(script)
	c.Env = append(w.env, "PATH="+filepath.Dir(binary)+":"+os.Getenv("PATH"), "XDG_STATE_HOME="+filepath.Dir(w.state))
	out, err := c.CombinedOutput()
	parts := strings.Split(string(out), mark)
	if err != nil || len(parts) != len(shown)+1 {
		w.t.Fatalf("%d of %d commands ended: %v\n%s", len(parts)-1, len(shown), err, out)
	}
	for i, s := range shown {
		said := parts[i]
		if i > 0 { // behind the exit code of the one before
			_, said, _ = strings.Cut(said, "\n")
		}
		ended, _, _ := strings.Cut(strings.TrimSpace(parts[i+1]), "\n")
		if !slices.Contains([]string{"0", "2", "4"}, ended) { // plan has 2, validate 4
			faults = append(faults, fmt.Sprintf("%s: %s ended with %s:\n%s", s.at, s.info, ended, said))
		}
		if missing := differs(s.text, said); missing != "" {
			faults = append(faults, fmt.Sprintf("%s: %s\nshows not, in its place: %s\n%s", s.at, s.info, missing, said))
		}
	}
	return faults
}

var (
	changing = regexp.MustCompile(`[0-9a-f]{8,}|\d[\d.]*(?:ms|[smhd])?(?:\d+[smh])*`) // ids, numbers, times
	blanks   = regexp.MustCompile(`\s+|-{2,}`)
)

// differs compares output with what is shown, numbers and blanks aside: ... stands for any lines, or for the end of one. It
// returns the first line that is not there; empty: all are.
func differs(shown, said string) string {
	norm := func(s string) string {
		return strings.TrimSpace(blanks.ReplaceAllString(changing.ReplaceAllString(s, "#"), " "))
	}
	lines := strings.Split(strings.TrimSpace(said), "\n")
	at, free := 0, false
	for line := range strings.Lines(strings.TrimSpace(shown)) {
		if strings.TrimSpace(line) == "..." {
			free = true
			continue
		}
		want, open := strings.CutSuffix(strings.TrimSpace(line), "...")
		matches := func(is string) bool { return norm(is) == norm(want) || open && strings.HasPrefix(norm(is), norm(want)) }
		for free && at < len(lines) && !matches(lines[at]) {
			at++
		}
		if at >= len(lines) || !matches(lines[at]) {
			return cmp.Or(strings.TrimSpace(line), "an empty line")
		}
		at, free = at+1, false
	}
	if !free && at < len(lines) && strings.TrimSpace(said) != "" {
		return "the end, before: " + lines[at]
	}
	return ""
}

// TestDiffersCanFail shows that the comparison finds what is not there.
func TestDiffersCanFail(t *testing.T) {
	for _, c := range []struct {
		shown, said string
		want        bool
	}{
		{"a 1\nb 2s", "a 77\nb 3m2s", false}, {"a\n...\nc", "a\nb\nb\nc", false}, {"a...", "a b c", false}, {"...", "", false}, {"", "", false}, {"x 4 ± 0%", "x 3.9 ± 12%", false},
		{"a", "b", true}, {"a", "a\nb", true}, {"a\n...\nd", "a\nb\nc", true}, {"", "a", true}, {"a\nb", "a", true}, {"x -2%", "x +2%", true},
	} {
		if got := differs(c.shown, c.said); (got != "") != c.want {
			t.Errorf("shown %q, said %q: %q", c.shown, c.said, got)
		}
	}
}
