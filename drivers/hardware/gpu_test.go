package hardware

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// given is a collector of metrics that are there already.
type given []prometheus.Metric

func (given) Describe(chan<- *prometheus.Desc) {}

func (g given) Collect(ch chan<- prometheus.Metric) {
	for _, m := range g {
		ch <- m
	}
}

// shown is what a scrape of these metrics has: the name and the labels that matter here, to the value.
func shown(t *testing.T, metrics []prometheus.Metric) map[string]float64 {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(given(metrics))
	families, err := reg.Gather()
	if err != nil {
		t.Error(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				if slices.Contains([]string{"gpu", "operation", "component", "collector", "driver_version"}, l.GetName()) {
					name += "/" + l.GetValue()
				}
			}
			got[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return got
}

func TestSamplesOfDrivers(t *testing.T) {
	for _, c := range []struct {
		file   string
		want   map[string]float64
		absent []string
	}{
		{"smi-470.csv", map[string]float64{"DCGM_FI_DEV_GPU_UTIL/0": 37, "DCGM_FI_DEV_FB_USED/0": 1024, "DCGM_FI_DEV_POWER_USAGE/0": 112.53,
			"DCGM_FI_DEV_SM_CLOCK/0": 1380, "DCGM_FI_DEV_PCIE_LINK_GEN/0": 3, "assay_gpu_info/470.82.01/0": 1},
			[]string{"assay_gpu_mig_enabled/0", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS/0"}},
		{"smi-535.csv", map[string]float64{"DCGM_FI_DEV_GPU_UTIL/0": 98, "DCGM_FI_DEV_MEM_COPY_UTIL/0": 61, "DCGM_FI_DEV_GPU_TEMP/0": 61,
			"DCGM_FI_DEV_CLOCK_THROTTLE_REASONS/0": 4, "DCGM_FI_DEV_FB_FREE/1": 40327, "DCGM_FI_DEV_ECC_DBE_VOL_TOTAL/1": 1, "assay_gpu_mig_enabled/0": 0},
			[]string{"DCGM_FI_DEV_GPU_UTIL/1", "DCGM_FI_DEV_GPU_TEMP/1", "DCGM_FI_DEV_POWER_USAGE/1"}},
		{"smi-550-mig.csv", map[string]float64{"assay_gpu_mig_enabled/0": 1, "DCGM_FI_DEV_FB_TOTAL/0": 81559, "DCGM_FI_DEV_MEM_CLOCK/0": 2619},
			[]string{"DCGM_FI_DEV_GPU_UTIL/0", "DCGM_FI_DEV_MEM_COPY_UTIL/0"}},
		{"smi-laptop.csv", map[string]float64{"DCGM_FI_DEV_GPU_UTIL/0": 0, "DCGM_FI_DEV_FB_USED/0": 5},
			[]string{"DCGM_FI_DEV_POWER_USAGE/0", "DCGM_FI_DEV_POWER_MGMT_LIMIT/0", "DCGM_FI_DEV_MEMORY_TEMP/0", "DCGM_FI_DEV_ECC_SBE_VOL_TOTAL/0",
				"DCGM_FI_DEV_ECC_DBE_VOL_TOTAL/0", "assay_gpu_mig_enabled/0"}},
	} {
		b, err := os.ReadFile(filepath.Join("testdata", c.file))
		if err != nil {
			t.Fatal(err)
		}
		head, text, _ := strings.Cut(string(b), "\n")
		out := &sink{}
		for _, card := range parseCards(text, without(gpuFields(), strings.TrimSpace(strings.TrimPrefix(head, "# unknown:")))) {
			card.emit(out)
		}
		got := shown(t, out.metrics)
		for name, v := range c.want {
			if has, ok := got[name]; !ok || has != v {
				t.Errorf("%s: %s is %v (%v), want %v of %v", c.file, name, has, ok, v, slices.Sorted(maps.Keys(got)))
			}
		}
		for _, name := range c.absent {
			if v, ok := got[name]; ok {
				t.Errorf("%s: %s should be absent and is %v", c.file, name, v)
			}
		}
	}
}

func FuzzParseCards(f *testing.F) {
	for _, name := range []string{"smi-470.csv", "smi-535.csv", "smi-550-mig.csv", "smi-laptop.csv"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		out := &sink{}
		if !utf8.ValidString(text) {
			t.Skip("two broken names may be mended to the same")
		}
		for _, c := range parseCards(text, gpuFields()) {
			c.emit(out)
		}
		for name, v := range shown(t, out.metrics) {
			if !(v >= 0) {
				t.Errorf("%s is %v", name, v)
			}
		}
	})
}

// fakeTool puts a made-up program on PATH.
func fakeTool(t *testing.T, name, script string) string {
	t.Helper()
	bin := t.TempDir()
	path := filepath.Join(bin, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	return path
}

// A driver that knows neither of two fields is asked three times at first and once afterwards.
func TestUnknownFieldsAreDropped(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	smi := fakeTool(t, "nvidia-smi", `echo "$1" >>`+log+`
case $1 in
*mig.mode.current*) echo 'Field "mig.mode.current" is not a valid field to query.'; echo; exit 2;;
*clocks_throttle_reasons.active*) echo 'Field "clocks_throttle_reasons.active" is not a valid field to query.'; echo; exit 2;;
esac
echo "0, GPU-1, Tesla K80, 470.82.01, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 3, 16, 0, 0"
echo "Unable to determine the device handle for GPU 0000:C1:00.0: GPU is lost." >&2
exit 15
`)
	g := newGPUs()
	for range 2 {
		cards, err := g.query(smi)
		if err != nil || len(cards) != 1 || cards[0]["utilization.gpu"] != "5" {
			t.Fatalf("%v, %v", cards, err)
		}
	}
	if b, _ := os.ReadFile(log); strings.Count(string(b), "\n") != 4 {
		t.Errorf("asked:\n%s", b)
	}
}

func TestBrokenSMI(t *testing.T) {
	for script, want := range map[string]string{
		"echo 'Field \"uuid\" is not a valid field to query.'; exit 2":     "uuid",
		"echo 'Field \"surprise\" is not a valid field to query.'; exit 2": "surprise",
		"echo 'No devices were found'":                                     "No devices were found",
		"echo 'NVIDIA-SMI has failed'; exit 9":                             "NVIDIA-SMI has failed",
		"exit 3":                                                           "exit status 3",
		"exec sleep 60":                                                    "no answer within",
		"exec yes '0, GPU-1, NVIDIA H100, 550.90.07, Disabled, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x1, 5, 16, 0, 0'": "more than",
	} {
		g := newGPUs()
		if strings.Contains(script, "sleep") {
			g.timeout = 50 * time.Millisecond
		}
		if _, err := g.query(fakeTool(t, "nvidia-smi", script)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", script, err)
		}
	}
}

// A scrape shows the last answer while it is fresh, and says why there is none afterwards; it never asks by itself.
func TestOldAnswersAreNotShown(t *testing.T) {
	fakeTool(t, "nvidia-smi", "exec sleep 60")
	now := time.Unix(1000, 0)
	g := newGPUs()
	g.now, g.running = func() time.Time { return now }, true // as if the loop were stuck in a question
	out := &sink{}
	if err := g.collect(out); err == nil || !strings.Contains(err.Error(), "not answered yet") {
		t.Errorf("before the first answer: %v", err)
	}
	g.cards, g.at = []card{{"index": "0", "uuid": "GPU-1", "utilization.gpu": "5"}}, now
	now = now.Add(gpuFresh)
	if err := g.collect(out); err != nil || shown(t, out.metrics)["DCGM_FI_DEV_GPU_UTIL/0"] != 5 {
		t.Errorf("fresh: %v", err)
	}
	now, out = now.Add(1), &sink{}
	if err := g.collect(out); err == nil || len(out.metrics) != 0 {
		t.Errorf("old: %v, %d metrics", err, len(out.metrics))
	}
	t.Setenv("PATH", t.TempDir())
	if err := g.collect(out); !errors.Is(err, errNotHere) {
		t.Errorf("without nvidia-smi: %v", err)
	}
}
