package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// as runs a shell script as one of the two.
func (s *shared) as(t *testing.T, who person, script string, args ...string) (out string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "sh", append([]string{"-c", script, "sh"}, args...)...)
	c.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + who.home, "SLURM_CONF=" + s.c.Conf()}
	c.Dir, c.SysProcAttr, c.WaitDelay = "/", &syscall.SysProcAttr{Credential: who.as}, time.Second
	b, err := c.CombinedOutput()
	return strings.TrimSpace(string(b)), err
}

// inPlaces are what another user can put where a folder is expected: each takes the path, and a folder of the victim's.
var inPlaces = map[string]string{
	"a folder for everybody": `mkdir -m 0777 "$1"`,
	"a link to his own":      `mkdir -m 0777 "$1.his" && ln -s "$1.his" "$1"`,
	"a link to the victim's": `ln -s "$2" "$1"`,
	"a FIFO":                 `mkfifo -m 0666 "$1"`,
	"a file":                 `echo planted > "$1" && chmod 0666 "$1"`,
}

// planted: what he puts in the places that assay uses is neither used nor removed, and hangs nobody; a job of his with the mark of
// the victim's is nobody's.
func (s *shared) planted(t *testing.T, stop func()) {
	job, comment, _ := strings.Cut(squeue(t, s.c, "-u", s.victim.name, "-t", "running", "-o", "%i %k"), " ")
	comment, _, _ = strings.Cut(comment, "\n")
	name := squeue(t, s.c, "-j", job, "-o", "%j")
	his, err := s.as(t, s.attacker, `sbatch --parsable -o /dev/null -J "$1" --comment "$2" --wrap "sleep 600"`, name, comment)
	if err != nil {
		t.Fatal(his, err)
	}
	defer func() { _, _ = s.as(t, s.attacker, `scancel "$1"`, his) }()
	t.Run("for the controller", func(t *testing.T) { s.plantedDatabase(t, stop) })
	t.Run("for Ray", s.plantedPrivate)
	t.Run("for data", s.plantedData)
	if out := s.must("get", "jobs", "-o", "json"); strings.Contains(out, fmt.Sprintf("%q", his)) {
		t.Errorf("his job %s is taken for the victim's: %s", his, out)
	}
	if state := squeue(t, s.c, "-j", his, "-o", "%T"); state != "RUNNING" {
		t.Errorf("his job is %s", state)
	}
}

// plantedDatabase: the folder of the embedded Prometheus lies where everybody can make names.
func (s *shared) plantedDatabase(t *testing.T, stop func()) {
	local := filepath.Join(s.top, "local")
	mine, err := filepath.Glob(filepath.Join(local, "assay-tsdb-*"))
	if err != nil || len(mine) != 1 {
		t.Fatalf("the victim's databases: %v %v", mine, err)
	}
	prefix := mine[0][:strings.LastIndexByte(mine[0], '-')+1]
	stop()
	for what, script := range inPlaces {
		if out, err := s.as(t, s.attacker, script, prefix+strings.ReplaceAll(what, " ", ""), s.victim.home); err != nil {
			t.Fatal(what, out, err)
		}
	}
	before := s.hisIn(t, local)
	s.controller()
	s.until("the controller listens again", time.Minute, func() (bool, string) {
		for _, l := range s.listeners() {
			if l.Owner == "controller" {
				return true, ""
			}
		}
		return false, mustRead(t, filepath.Join(s.dir, "controller.log"))
	})
	if after := s.hisIn(t, local); after != before {
		t.Errorf("what he planted was\n%s\nand is\n%s", before, after)
	}
}

// hisIn lists what the attacker has below a folder, with owners and sizes.
func (s *shared) hisIn(t *testing.T, dir string) string {
	t.Helper()
	out, err := exec.Command("find", dir, "-user", s.attacker.name, "-printf", "%p %y %u %m %s %l\n").Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return sorted(strings.Join(lines, "\n"))
}

// plantedPrivate: the folder of a Ray cluster has a name that squeue tells everybody before the job starts.
func (s *shared) plantedPrivate(t *testing.T) {
	for what, script := range inPlaces {
		dir := filepath.Join("/tmp", fmt.Sprintf("assay-%d-%s", os.Getpid(), strings.ReplaceAll(what, " ", "")))
		t.Cleanup(func() { _ = os.RemoveAll(dir); _ = os.RemoveAll(dir + ".his") })
		if out, err := s.as(t, s.attacker, script, dir, s.victim.home); err != nil {
			t.Fatal(what, out, err)
		}
		out, err := s.as(t, s.victim, `"$1" parent --private "$2" -- sh -c 'echo ran; touch "$0/x"' "$2"`, binary, dir)
		if err == nil || strings.Contains(out, "ran") {
			t.Errorf("%s: the program was run: %v %s", what, err, out)
		}
	}
}

// plantedData: the data of services lies in shared scratch, and the names of experiments are known.
func (s *shared) plantedData(t *testing.T) {
	scratch := filepath.Join(s.top, "scratch")
	if err := os.Mkdir(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(scratch, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	home := filepath.Join(s.victim.home, "second")
	if out, err := s.as(t, s.victim, `mkdir -m 0700 "$1" "$1/own"`, home); err != nil {
		t.Fatal(out, err)
	}
	w := newTestWorldIn(t, home, "HOME="+s.victim.home)
	w.as = s.victim.as
	var services strings.Builder
	n := 0
	for what, script := range inPlaces {
		n++
		if out, err := s.as(t, s.attacker, script, filepath.Join(scratch, fmt.Sprintf("e%d", n)), filepath.Join(home, "own")); err != nil {
			t.Fatal(what, out, err)
		}
		fmt.Fprintf(&services, "---\napiVersion: assay/v1alpha1\nkind: Experiment\nmetadata: {name: e%d}\nspec:\n  site: scratch\n  services:\n"+
			"    - {name: web, process: {command: [sh, -c, 'echo ran > \"$0/ran\"; exec sleep 600', \"$(DATA)\"]}, restart: {limit: 0}}\n", n)
	}
	before := s.hisIn(t, scratch)
	file := w.write("scratch.yaml", "apiVersion: assay/v1alpha1\nkind: Site\nmetadata: {name: scratch}\nspec:\n  scheduler: local\n  paths: {work: "+scratch+"}\n"+services.String())
	out, errs, code := w.run("apply", "-f", file, "--timeout", "20s")
	if code == 0 {
		t.Errorf("services started on what he planted:\n%s%s", out, errs)
	}
	if ran, _ := filepath.Glob(filepath.Join(scratch, "*", "*", "*", "ran")); len(ran) > 0 {
		t.Errorf("they ran on %v", ran)
	}
	if inside, _ := filepath.Glob(filepath.Join(home, "own", "*")); len(inside) > 0 {
		t.Errorf("a link of his led to %v", inside)
	}
	if after := s.hisIn(t, scratch); after != before {
		t.Errorf("what he planted was\n%s\nand is\n%s", before, after)
	}
	w.must("delete", "-f", file, "--yes", "--timeout", "1m")
}
