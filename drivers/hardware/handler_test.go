package hardware

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func body(h http.Handler) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	b, _ := io.ReadAll(w.Body)
	return string(b)
}

// The whole way: a made-up nvidia-smi answers in the background, and a later scrape shows it.
func TestScrapeOfGPUs(t *testing.T) {
	fakeTool(t, "nvidia-smi", `echo "0, GPU-1, NVIDIA H100, 550.90.07, Disabled, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x1, 5, 16, 0, 0"`)
	h, err := newHandler("/proc", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	want := `DCGM_FI_DEV_GPU_UTIL{UUID="GPU-1",gpu="0",modelName="NVIDIA H100"} 5`
	var got string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if got = body(h); strings.Contains(got, want) && strings.Contains(got, `assay_collector_up{collector="gpu"} 1`) {
			return
		}
	}
	t.Errorf("%s is missing in:\n%s", want, got)
}

func TestScrapeWithHangingSMI(t *testing.T) {
	fakeTool(t, "nvidia-smi", "exec sleep 60")
	proc := t.TempDir()
	put(t, filepath.Join(proc, "loadavg"), "0.50 0.25 0.10 1/200 4242\n")
	h, err := newHandler(proc, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	got := body(h)
	for _, want := range []string{"node_load5 0.25", `assay_collector_up{collector="gpu"} 0`, `assay_collector_up{collector="load"} 1`,
		`assay_collector_down_info{collector="gpu",reason="nvidia-smi has not answered yet"} 1`, `assay_collector_up{collector="cpu"} 0`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in:\n%s", want, got)
		}
	}
	if strings.Contains(got, "DCGM") || strings.Contains(got, `collector="lustre"`) {
		t.Errorf("made-up hardware in:\n%s", got)
	}
}
