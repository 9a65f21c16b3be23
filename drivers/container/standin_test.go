package container

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary is its own stand-in: started under the name apptainer or enroot it behaves like the parts of them that
// are used here, without namespaces and without a network; started as show it prints how it was called.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "apptainer", "enroot":
		fmt.Fprintf(os.Stderr, "this is a stand-in for %s, made by a test of assay\n", filepath.Base(os.Args[0]))
		if err := standIn(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, "FATAL:  ", err)
			os.Exit(255)
		}
	case "show":
		if err := json.NewEncoder(os.Stdout).Encode(shown{os.Args[1:], os.Environ()}); err != nil {
			os.Exit(1)
		}
		if slices.Contains(os.Args, "--wait") {
			time.Sleep(time.Hour)
		}
	default:
		os.Exit(m.Run())
	}
}

type shown struct{ Args, Env []string }

// onPath puts programs of these names, all of them the test binary, on an otherwise empty PATH.
func onPath(t *testing.T, names ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range names {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func standIn(args []string) error {
	switch args[0] {
	case "exec":
		return standInExec(args[1:])
	case "pull":
		return standInPull(args[1], args[2], os.Getenv("APPTAINER_CACHEDIR"))
	case "import":
		if args[1] != "--output" || os.Getenv("ENROOT_TEMP_PATH") == "" {
			return fmt.Errorf("called with %q", args)
		}
		return standInPull(args[2], args[3], os.Getenv("ENROOT_CACHE_PATH"))
	}
	return fmt.Errorf("unknown command %s", args[0])
}

// standInExec runs the program in place of itself. It gets no variable but those with the prefix, and PATH.
func standInExec(args []string) error {
	env := []string{"PATH=" + os.Getenv("PATH")}
	var binds []string
	clean := false
	for strings.HasPrefix(args[0], "-") {
		switch option := args[0]; option {
		case "--cleanenv":
			clean = true
		case "--nv":
			env = append(env, "NV=1")
		case "--bind":
			source, _, _ := strings.Cut(args[1], ":")
			if _, err := os.Stat(source); err != nil {
				return fmt.Errorf("mount source %w", err)
			}
			binds = append(binds, args[1])
			args = args[1:]
		default:
			return fmt.Errorf("unknown flag: %s", option)
		}
		args = args[1:]
	}
	if _, err := os.Stat(args[0]); err != nil {
		return fmt.Errorf("could not open image: %w", err)
	}
	for _, v := range os.Environ() {
		inside, prefixed := strings.CutPrefix(v, "APPTAINERENV_")
		if prefixed || !clean {
			env = append(env, inside)
		}
	}
	program, err := exec.LookPath(args[1])
	if err != nil {
		return err
	}
	return syscall.Exec(program, args[1:], append(env, "APPTAINER_BIND="+strings.Join(binds, ",")))
}

// standInPull writes a layer to the cache and then the image. STANDIN_LOG gets a line for each layer that was
// fetched; STANDIN_GATE is a file to wait for with half an image written.
func standInPull(file, ref, cache string) error {
	if strings.Contains(ref, "missing") {
		return fmt.Errorf("while making image from oci registry: reading manifest of %s: manifest unknown", ref)
	}
	layer := filepath.Join(cache, "layer")
	if _, err := os.Stat(layer); err != nil {
		if err := os.WriteFile(layer, []byte("layer"), 0o600); err != nil {
			return err
		}
		if err := appendLine(os.Getenv("STANDIN_LOG"), "layer of "+ref); err != nil {
			return err
		}
	}
	if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
		return err
	}
	if err := appendLine(os.Getenv("STANDIN_LOG"), "half of "+ref); err != nil {
		return err
	}
	for gate := os.Getenv("STANDIN_GATE"); gate != ""; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(gate); err == nil {
			break
		}
	}
	return os.WriteFile(file, []byte("whole image"), 0o600)
}

func appendLine(path, line string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(f, line); err != nil {
		return err
	}
	return f.Close()
}

// ended is the id of a process that has ended.
func ended(t *testing.T) int {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := &exec.Cmd{Path: self, Args: []string{"show"}}
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}
