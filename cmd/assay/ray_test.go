package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
)

// nobody is another user, who owns nothing.
const nobody = 65534

// asStranger makes a command run as another user, who has a home directory and no secrets.
func asStranger(t *testing.T, c *exec.Cmd, env ...string) *exec.Cmd {
	t.Helper()
	c.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=/nonexistent"}, env...)
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return c
}

// TestRealRay starts the head of a cluster as assay does, with a real Ray, and attacks it: without the token nobody joins it,
// asks it or runs anything on it, and nobody else enters its folder. It is opt-in: ASSAY_RAY is the path of a `ray` of 2.52 or
// later, in an environment of its own (pip install ray).
func TestRealRay(t *testing.T) {
	ray := os.Getenv("ASSAY_RAY")
	if ray == "" {
		t.Skip("ASSAY_RAY names no Ray; type: python3 -m venv DIR && DIR/bin/pip install ray==2.52.1, and set ASSAY_RAY=DIR/bin/ray")
	}
	two, none := 2, 0
	const token = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	c, err := compileService(v1alpha1.LocalSite(), v1alpha1.Experiment{Metadata: v1alpha1.Metadata{Name: "e"}},
		v1alpha1.Service{Name: "s", VLLM: &v1alpha1.VLLM{Model: "m", Ray: []string{ray}}, Nodes: &two, Resources: v1alpha1.Resources{GPUsPerNode: &none}})
	if err != nil {
		t.Fatal(err)
	}
	p := c.Processes[0]
	nonce := fmt.Sprintf("%016x", time.Now().UnixNano())
	ports := map[string]string{}
	words := func(argv ...string) (out []string) {
		for _, w := range argv {
			for _, name := range []string{"ray", "agent", "agent-grpc", "runtime", "metrics"} {
				if strings.Contains(w, "$(PORT:"+name+")") {
					ports[name] = cmp.Or(ports[name], freePort(t))
					w = strings.ReplaceAll(w, "$(PORT:"+name+")", ports[name])
				}
			}
			out = append(out, strings.NewReplacer("$(ASSAY)", binary, "$(NONCE)", nonce, "$(ADDR)", "127.0.0.1").Replace(w))
		}
		return out
	}
	env := os.Environ()
	for name, value := range p.Env {
		env = append(env, name+"="+words(value)[0])
	}
	start := func(env []string, argv ...string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		t.Cleanup(cancel)
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env, cmd.Dir = env, t.TempDir()
		return cmd
	}
	head := start(append(env, "RAY_AUTH_TOKEN="+token), words(p.Cluster.Head...)...)
	head.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log bytes.Buffer
	head.Stdout, head.Stderr = &log, &log
	if err := head.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(-head.Process.Pid, syscall.SIGKILL) }()
	dir := "/tmp/assay-" + nonce
	ours := func() ([]byte, error) {
		return start(append(env, "RAY_AUTH_TOKEN="+token), words(p.Cluster.Status...)...).CombinedOutput()
	}
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) {
		out, err := ours()
		if err == nil && bytes.Contains(out, []byte("Active:\n 1 node")) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the head does not answer: %v %s\n%s", err, out, log.Bytes())
		}
	}
	for _, pid := range pids() {
		if args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); bytes.Contains(args, []byte(token)) {
			t.Errorf("the token is in the arguments of %q", args)
		}
	}
	t.Run("without the token nobody joins or asks", func(t *testing.T) {
		for name, strange := range map[string][]string{"none": nil, "a wrong one": {"RAY_AUTH_MODE=token", "RAY_AUTH_TOKEN=" + strings.Repeat("ab", 32)}} {
			for _, argv := range [][]string{words(p.Cluster.Status...), {ray, "start", "--address=127.0.0.1:" + ports["ray"], "--num-cpus=1"}} {
				cmd := start(append(strange, "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir()), argv...)
				if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "InvalidAuthToken") {
					t.Errorf("%s: %s: %v\n%s", name, argv[1], err, out)
				}
			}
		}
		out, err := ours()
		if nodes, _, bad := drivers.ParseRayStatus(string(out)); err != nil || bad != nil || nodes != 1 {
			t.Errorf("%v %v %s", err, bad, out)
		}
	})
	t.Run("its HTTP asks too", func(t *testing.T) {
		node := "127.0.0.1"
		if out, err := exec.Command("hostname", "-i").Output(); err == nil {
			node = strings.Fields(string(out))[0]
		}
		for _, path := range []string{"/get_or_create_runtime_env", "/delete_runtime_env_if_possible", "/get_runtime_envs_info"} {
			for _, host := range []string{"127.0.0.1", node} {
				res, err := http.Post("http://"+net.JoinHostPort(host, ports["runtime"])+path, "application/octet-stream", strings.NewReader(""))
				if err != nil {
					continue // it does not listen there
				}
				res.Body.Close()
				if res.StatusCode/100 == 2 || res.StatusCode == http.StatusInternalServerError {
					t.Errorf("%s%s: %s", host, path, res.Status)
				}
			}
		}
	})
	t.Run("its files are its user's", func(t *testing.T) {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v %v", info, err)
		}
		if os.Getuid() != 0 {
			t.Skip("only root can try as another user")
		}
		if out, err := asStranger(t, exec.Command("ls", dir)).CombinedOutput(); err == nil {
			t.Errorf("another user lists %s", out)
		}
	})
	_ = syscall.Kill(-head.Process.Pid, syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- head.Wait() }()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("it does not end")
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		left, _ := filepath.Glob(dir + "/*")
		t.Errorf("its folder is left: %v %v", err, left)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// strangers are other users of the cluster who know where the servers are: none is let in, and none enters the folder of Ray.
func (f *factory) strangers(t *testing.T) {
	for service, paths := range map[string][]string{"llm": {"/v1/models", "/health", "/version", "/invocations"}, "docs": {"/api/v2/heartbeat", "/api/v2/version", "/docs", "/"}} {
		for _, path := range paths {
			res, err := http.Get(f.seat(service).Endpoint + path)
			if err != nil {
				t.Errorf("%s%s: %v", service, path, err)
				continue
			}
			res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s%s: %s", service, path, res.Status)
			}
		}
	}
	var v map[string]any
	if err := fetch(f.seat("docs").Endpoint+"/api/v2/heartbeat", "", &v, "Bearer "+strings.TrimSpace(f.must("key", "docs"))); err != nil || len(v) != 1 {
		t.Errorf("with the key: %v %v", v, err)
	}
	dirs, _ := filepath.Glob("/tmp/assay-" + f.seat("llm").Nonce)
	if len(dirs) != 1 {
		t.Fatalf("Ray's folder: %v", dirs)
	}
	if info, err := os.Stat(dirs[0]); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("Ray's folder: %v %v", info, err)
	}
	if os.Getuid() != 0 {
		t.Skip("only root can try as another user")
	}
	if out, err := asStranger(t, exec.Command("ls", dirs[0])).CombinedOutput(); err == nil {
		t.Errorf("another user lists %s", out)
	}
	var address string
	for _, env := range f.environments() {
		if _, rest, ok := strings.Cut(string(env), "\x00RAY_ADDRESS="); ok {
			address, _, _ = strings.Cut(rest, "\x00")
		}
	}
	ray := forOthers(t, "ray")
	for _, argv := range [][]string{{"start", "--block", "--address=" + address, "--num-gpus=4"}, {"status", "--address=" + address}} {
		for _, env := range [][]string{nil, {"RAY_AUTH_MODE=token", "RAY_AUTH_TOKEN=" + strings.Repeat("ab", 32)}} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			out, err := asStranger(t, exec.CommandContext(ctx, ray, argv...), env...).CombinedOutput()
			cancel()
			if err == nil || !strings.Contains(string(out), "InvalidAuthToken") {
				t.Errorf("another user, ray %s %v: %v\n%s", argv[0], env, err, out)
			}
		}
	}
}

// forOthers is a stand-in where other users can run it.
func forOthers(t *testing.T, name string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "standin-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, name)
	out, err := exec.Command("go", "build", "-o", path, "../../drivers/service/standin").CombinedOutput()
	if err := errors.Join(err, os.Chmod(dir, 0o755), os.Chmod(path, 0o755)); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}
