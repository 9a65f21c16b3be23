package cluster

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// TestPortTaken: another program listens on a port of a node before its daemon does. The cluster starts on other ports.
func TestPortTaken(t *testing.T) {
	if _, err := exec.LookPath("slurmctld"); err != nil && os.Getenv("ASSAY_REQUIRE_SLURM") != "1" {
		t.Skip("no slurmctld on PATH: apt-get install slurm-wlm slurm-client munge")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tried := 0
	c, err := Start(t.TempDir(), 1, func(c *Cluster) {
		c.ports = func(n int) ([]int, error) {
			ports, err := freePorts(n)
			if tried++; tried == 1 && err == nil {
				ports[1] = l.Addr().(*net.TCPAddr).Port
			}
			return ports, err
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(); err != nil || tried != 2 {
		t.Errorf("%d attempts, %v", tried, err)
	}
}

// TestFreePorts: they differ, and the kernel hands none of them out.
func TestFreePorts(t *testing.T) {
	ports, err := freePorts(200)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range ports {
		if seen[p] || p < lowest || p >= ephemeral {
			t.Errorf("port %d", p)
		}
		seen[p] = true
	}
}
