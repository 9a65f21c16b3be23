package parent

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain is `assay parent` when the test binary is called as it.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_PARENT") == "" {
		os.Exit(m.Run())
	}
	code, err := Run(Options{Argv: os.Args[1:], Private: os.Getenv("TEST_PRIVATE"), Listen: os.Getenv("TEST_LISTEN"), To: "127.0.0.1:1", Key: "TEST_KEY"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	End(code)
}

func parentOf(env []string, argv ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], argv...)
	c.Env = append(append(os.Environ(), "TEST_PARENT=1"), env...)
	return c
}

// TestEnds: the parent ends as its program does.
func TestEnds(t *testing.T) {
	for script, want := range map[string]string{"exit 0": "<nil>", "exit 7": "exit status 7", "kill -9 $$": "signal: killed", "kill -15 $$": "signal: terminated"} {
		if err := parentOf(nil, "sh", "-c", script).Run(); fmt.Sprint(err) != want {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
	out, err := parentOf(nil, "/nowhere/program").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "/nowhere/program") {
		t.Errorf("%v %s", err, out)
	}
	out, err = parentOf([]string{"TEST_LISTEN=127.0.0.1:0"}, "true").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "holds no key") {
		t.Errorf("%v %s", err, out)
	}
}

// TestProgramDoesNotOutliveItsParent: also when that is killed.
func TestProgramDoesNotOutliveItsParent(t *testing.T) {
	pidFile := filepath.Join(t.TempDir(), "pid")
	c := parentOf(nil, "sh", "-c", "echo $$ > "+pidFile+"; exec sleep 600")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for pid == 0 {
		b, _ := os.ReadFile(pidFile)
		_, _ = fmt.Sscan(string(b), &pid)
		time.Sleep(10 * time.Millisecond)
	}
	_ = c.Process.Kill()
	_ = c.Wait()
	for deadline := time.Now().Add(time.Minute); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); bytes.Contains(stat, []byte(") Z ")) {
			return // nobody reaps it here
		}
		if time.Now().After(deadline) {
			t.Fatal("it runs on")
		}
	}
}

// TestPrivate: the folder is this user's alone, the program's own files too, and the last part that ends removes it. One that
// others can enter, or that is a link, is refused.
func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "p")
	env := []string{"TEST_PRIVATE=" + dir}
	first := parentOf(env, "sh", "-c", "mkdir -m 0777 "+dir+"/open; echo x > "+dir+"/open/file; exec sleep 600")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(dir + "/open/file"); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it never wrote its file")
		}
	}
	info, err := os.Stat(dir)
	file, errFile := os.Stat(dir + "/open/file")
	if err != nil || errFile != nil || info.Mode().Perm() != 0o700 || file.Mode().Perm() != 0o600 {
		t.Errorf("%v %v, %v %v", info.Mode(), err, file.Mode(), errFile)
	}
	if err := parentOf(env, "true").Run(); err != nil {
		t.Errorf("a second part: %v", err)
	}
	if _, err := os.Stat(dir + "/open/file"); err != nil {
		t.Errorf("the second part removed the folder of the first: %v", err)
	}
	var children []byte
	all, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", first.Process.Pid))
	for _, f := range all {
		b, _ := os.ReadFile(f)
		children = append(children, b...)
	}
	var child int
	if _, err := fmt.Sscan(string(children), &child); err != nil {
		t.Fatalf("no child in %q", children)
	}
	_ = syscall.Kill(child, syscall.SIGTERM)
	if err := first.Wait(); fmt.Sprint(err) != "signal: terminated" {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	for name, make := range map[string]func() error{
		"open to others": func() error { return errors.Join(os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777)) },
		"a link":         func() error { return os.Symlink(t.TempDir(), dir) },
		"a file":         func() error { return os.WriteFile(dir, nil, 0o600) },
	} {
		if err := make(); err != nil {
			t.Fatal(err)
		}
		if out, err := parentOf(env, "true").CombinedOutput(); err == nil {
			t.Errorf("%s was taken: %s", name, out)
		}
		if err := os.Remove(dir); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() == 0 {
		if err := errors.Join(os.Mkdir(dir, 0o700), os.Chown(dir, 65534, 65534)); err != nil {
			t.Fatal(err)
		}
		if out, err := parentOf(env, "true").CombinedOutput(); err == nil || !strings.Contains(string(out), "not a folder of this user") {
			t.Errorf("another user's was taken: %v %s", err, out)
		}
	}
}
