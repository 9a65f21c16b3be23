package calibrate

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/socket"
	"assay/drivers/suite/selftest/truth"
	"assay/drivers/suite/serving"
)

// TestMain also is the clients that the tests run: lateclient URL [RESULT], and suite DIR as assay has it.
func TestMain(m *testing.M) {
	var err error
	switch {
	case len(os.Args) > 2 && os.Args[1] == "suite":
		err = suite.Run(context.Background(), os.Args[2], "test", suite.Suites{Serving: serving.Suite{}})
	case len(os.Args) > 2 && os.Args[1] == "lateclient":
		err = lateClient(os.Args[2:])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

const (
	sendsLate = 50 * time.Millisecond // between what it calls the start and the sending
	readsLate = 30 * time.Millisecond // between the first token and the stamp
	sent      = 8
)

// lateClient sends one request to see that the server is there, and then some that it sends and stamps late. It writes a
// result in vLLM's form, if it is told where.
func lateClient(args []string) error {
	var starts, ttfts []float64
	for i := range 1 + sent {
		start := socket.Monotonic()
		time.Sleep(sendsLate)
		resp, err := http.Post(args[0]+"/v1/chat/completions", "application/json", strings.NewReader(`{"max_tokens":4,"stream":true}`))
		if err != nil {
			return err
		}
		time.Sleep(readsLate)
		ttft := socket.Monotonic() - start - sendsLate
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		resp.Body.Close()
		if i > 0 {
			starts, ttfts = append(starts, start.Seconds()), append(ttfts, suite.Millis(ttft))
		}
	}
	if len(args) < 2 {
		return nil
	}
	b, err := json.Marshal(map[string]any{"completed": sent, "request_throughput": 1000.0, "median_ttft_ms": suite.Mean(ttfts), "p99_ttft_ms": suite.Mean(ttfts), "mean_itl_ms": 1.0, "start_times": starts})
	if err != nil {
		return err
	}
	return os.WriteFile(args[1], b, 0o600)
}

func measure(t *testing.T, command ...string) (map[string]Figure, Report) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	r, err := Run(t.Context(), Options{Command: append([]string{self}, command...), Own: []string{self, "suite"}, Timeout: time.Minute, Log: &log,
		Pace: truth.Pace{TTFT: 20 * time.Millisecond, ITL: 5 * time.Millisecond, Tokens: 4}})
	if err != nil {
		t.Fatal(err, log.String())
	}
	out := map[string]Figure{}
	for _, f := range r.Figures {
		out[f.Name] = f
	}
	return out, r
}

// leading is the number at the beginning of a figure.
func leading(t *testing.T, text string) float64 {
	t.Helper()
	word, _, _ := strings.Cut(text, " ")
	v, err := strconv.ParseFloat(word, 64)
	if err != nil {
		t.Fatalf("%q does not begin with a number", text)
	}
	return v
}

// TestLateClientIsSeen: a client that sends 50 ms late, stamps 30 ms late and makes its throughput up is told so; and what
// assay's own client says is read in the same way.
func TestLateClientIsSeen(t *testing.T) {
	got, r := measure(t, "lateclient", "{url}", "{result}")
	if got["requests"].Client != strconv.Itoa(sent) || !strings.Contains(strings.Join(r.Notes, " "), "1 requests of the client came before") {
		t.Errorf("%+v, notes %q", got["requests"], r.Notes)
	}
	if late := leading(t, got["lateness, median"].Client); late < suite.Millis(sendsLate) {
		t.Errorf("it sends %v ms late", late)
	}
	if off := leading(t, got["TTFT error, median"].Client); off < suite.Millis(readsLate)-1 {
		t.Errorf("its TTFT is off by %v ms", off)
	}
	if off := leading(t, got["throughput error"].Client); off < 1000 {
		t.Errorf("its throughput is off by %v %%", off)
	}
	for name, f := range got {
		if f.Assay == NotRead && name != "TTFT error, p99" { // so few requests have none
			t.Errorf("%s of assay is not read", name)
		}
	}
	if got["requests"].Assay != strconv.Itoa(sent) {
		t.Errorf("assay sent %s requests", got["requests"].Assay)
	}
}

// TestSilentClient: of a client whose result is not read, what the server saw is told all the same.
func TestSilentClient(t *testing.T) {
	got, r := measure(t, "lateclient", "{url}")
	if got["requests"].Client != strconv.Itoa(sent+1) || got["TTFT error, median"].Client != NotRead || got["lateness, p99"].Client != NotRead || leading(t, got["arrivals a second"].Client) <= 0 {
		t.Errorf("%+v", r)
	}
	if len(r.Notes) == 0 || !strings.Contains(r.Notes[0], "--save-result") {
		t.Errorf("notes %q", r.Notes)
	}
}

func TestCommandsThatCannotBeMeasured(t *testing.T) {
	for want, command := range map[string][]string{
		"names no {url}":         {"true"},
		"executable file not":    {"no-such-client", "{url}"},
		"sent 0 requests to the": {"true", "{url}"},
	} {
		_, err := Run(t.Context(), Options{Command: command, Timeout: time.Minute, Log: io.Discard, Pace: truth.Pace{TTFT: time.Millisecond, Tokens: 1}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", command, err, want)
		}
	}
}
