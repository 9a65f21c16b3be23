package hardware

import (
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func scrape(t *testing.T, proc string) string {
	t.Helper()
	h, err := Handler(proc)
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, _ := io.ReadAll(w.Body)
	return string(b)
}

func TestThisNode(t *testing.T) {
	got := scrape(t, "/proc")
	for _, want := range []string{`node_cpu_seconds_total{cpu="0",mode="user"} `, "node_memory_MemTotal_bytes ", "node_memory_MemAvailable_bytes ",
		"node_load1 ", "node_uname_info{release=", "assay_cpu_info{cpus=", `node_network_receive_bytes_total{device="lo"} `} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
}

// Known files give known figures, and what is not there is absent: not zero.
func TestRecordedNode(t *testing.T) {
	proc := t.TempDir()
	for name, text := range map[string]string{
		"meminfo":   "MemTotal:        1000 kB\nMemFree:          200 kB\n",
		"loadavg":   "0.50 0.25 0.10 1/200 4242\n",
		"diskstats": "   8       0 sda 10 0 4 20 30 0 8 40 0 1500 60 0 0 0 0 0 0\n   7       0 loop0 1 0 1 1 1 0 1 1 0 1 1 0 0 0 0 0 0\n",
	} {
		if err := os.WriteFile(filepath.Join(proc, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := scrape(t, proc)
	for _, want := range []string{"node_memory_MemTotal_bytes 1.024e+06", "node_load5 0.25", `node_disk_read_bytes_total{device="sda"} 2048`,
		`node_disk_written_bytes_total{device="sda"} 4096`, `node_disk_io_time_seconds_total{device="sda"} 1.5`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
	for _, absent := range []string{"node_memory_MemAvailable_bytes", "node_cpu_seconds_total", "node_network", "loop0"} {
		if strings.Contains(got, absent) {
			t.Errorf("%s should be absent in:\n%s", absent, got)
		}
	}
}
