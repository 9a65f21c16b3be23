//go:build linux

package selfwatch

import (
	"math"
	"testing"
	"time"
)

// TestSpare: what nobody uses of the CPUs is spare, within a quota, and so is what work beside the load used.
func TestSpare(t *testing.T) {
	from := source{root: t.TempDir()}
	began := time.Now()
	files(t, from.root, map[string]string{"proc/stat": cpus("100", "100")})
	s := newSpare(from, began)
	files(t, from.root, map[string]string{"proc/stat": cpus("130", "120")}) // half of each CPU
	spare, of := s.since(began.Add(time.Second), 0)
	if of < 1 || math.Abs(spare-of/2) > 1e-9 {
		t.Errorf("%g of %g CPUs", spare, of)
	}
	files(t, from.root, map[string]string{"proc/stat": cpus("230", "120")}) // all
	if spare, _ := s.since(began.Add(2*time.Second), 300*time.Millisecond); math.Abs(spare-0.3) > 1e-9 {
		t.Errorf("%g CPUs beside what took 0.3", spare)
	}
	files(t, from.root, map[string]string{"proc/self/cgroup": "0::/job\n", "sys/fs/cgroup/job/cpu.max": "25000 100000\n"})
	s = newSpare(from, began)
	if spare, of := s.since(began.Add(time.Hour), 0); of != 0.25 || spare > 0.25 || spare < 0.2 {
		t.Errorf("%g of %g CPUs with a quota", spare, of)
	}
	s = newSpare(source{root: t.TempDir()}, began)
	if spare, _ := s.since(began.Add(time.Second), 0); spare != 0 {
		t.Errorf("%g CPUs where nothing is known", spare)
	}
}
