package selfwatch

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"assay/drivers/suite"
)

// files writes the kernel's files of a made-up machine.
func files(t *testing.T, root string, texts map[string]string) {
	t.Helper()
	for name, text := range texts {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// cpus are the lines of /proc/stat of so many CPUs with these ticks of user time and of steal each.
func cpus(user, steal string) (out string) {
	out = "cpu  1 1 1 1 1 1 1 1 0 0\n"
	for cpu := range 256 {
		out += "cpu" + itoa(cpu) + " " + user + " 0 0 1000 0 0 0 " + steal + " 0 0\n"
	}
	return out + "intr 1 2 3\n"
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + itoa(n%10)
}

// What the kernel's files say of a window comes out, with both versions of control groups, and leads to the word.
func TestReaders(t *testing.T) {
	const v1 = "7:cpuset:/\n4:cpu,cpuacct:/job/step\n0::/\n"
	const v2 = "0::/job/step\n"
	for name, test := range map[string]struct {
		before, after map[string]string
		want          Report
		word          string
	}{
		"throttled, version 1": {
			map[string]string{"proc/self/cgroup": v1, "sys/fs/cgroup/cpu/job/cpu.stat": "nr_throttled 1\nthrottled_time 1000000000\n", "sys/fs/cgroup/cpu/job/cpu.cfs_quota_us": "50000\n", "sys/fs/cgroup/cpu/job/cpu.cfs_period_us": "100000\n"},
			map[string]string{"sys/fs/cgroup/cpu/job/cpu.stat": "nr_throttled 9\nthrottled_time 3000000000\n"},
			Report{Throttled: 2 * time.Second, CPUs: 0.5}, suite.ReasonClientThrottled},
		"throttled, version 2": {
			map[string]string{"proc/self/cgroup": v2, "sys/fs/cgroup/job/step/cpu.stat": "throttled_usec 5\n", "sys/fs/cgroup/job/cpu.max": "25000 100000\n", "sys/fs/cgroup/job/step/cpu.max": "max 100000\n"},
			map[string]string{"sys/fs/cgroup/job/step/cpu.stat": "usage_usec 7\nthrottled_usec 2000005\n"},
			Report{Throttled: 2 * time.Second, CPUs: 0.25}, suite.ReasonClientThrottled},
		"stolen": {
			map[string]string{"proc/stat": cpus("100", "100")}, map[string]string{"proc/stat": cpus("100", "400")},
			Report{}, suite.ReasonClientStolen},
		"swapped": {
			map[string]string{"proc/self/stat": "1 (a b) c) S 1 1 1 0 -1 4194560 900 0 10 0 1 1"}, map[string]string{"proc/self/stat": "1 (a b) c) S 1 1 1 0 -1 4194560 900 0 2010 0 1 1"},
			Report{Faults: 2000}, suite.ReasonClientSwapped},
		"not let": {
			map[string]string{"proc/self/task/7/schedstat": "1000000000 1000000 10\n", "proc/self/task/8/schedstat": "0 0 0\n"},
			map[string]string{"proc/self/task/7/schedstat": "1100000000 3001000000 400\n", "proc/self/task/8/schedstat": "0 0 0\n"},
			Report{Waited: 3 * time.Second, Turns: 390}, suite.ReasonClientCrowded},
		"nothing is known": {nil, nil, Report{}, suite.ReasonClientLate},
	} {
		t.Run(name, func(t *testing.T) {
			from := source{root: t.TempDir()}
			files(t, from.root, test.before)
			w := startAt(from, 1, true)
			files(t, from.root, test.after)
			r := w.Stop()
			r.Late = Histogram{} // this machine's own
			if r.Throttled != test.want.Throttled || r.Faults != test.want.Faults || r.Waited != test.want.Waited || r.Turns != test.want.Turns {
				t.Errorf("got %+v, want %+v", r, test.want)
			}
			if test.want.CPUs > 0 && r.CPUs != test.want.CPUs {
				t.Errorf("%v CPUs, want %v", r.CPUs, test.want.CPUs)
			}
			r.Wall = 10 * time.Second
			faults, _ := Judge([]Report{r}, Effect{Bar: 9, Resolves: 5})
			if got := words(faults); !slices.Equal(got, []string{test.word}) {
				t.Errorf("got %v, want %s", faults, test.word)
			}
		})
	}
}
