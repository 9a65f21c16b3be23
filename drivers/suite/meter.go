package suite

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"sync"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/drivers/suite/loadgen/socket"
)

const (
	meterEvery   = time.Second
	meterTimeout = 5 * time.Second // a collector gives up after 3
	meterAfter   = 5 * time.Second // how long a sample beyond the window's end is waited for
	maxCards     = 1024
)

// energyOf begins the names of the metrics of energy.
const energyOf = "energy_"

// meters read the counters of the target's nodes while a run goes on: what the nodes are, and what their cards draw.
type meters struct {
	req   drivers.SuiteRequest
	token string
	http  *http.Client
	clock socket.Clock
	stop  func()

	mu    sync.Mutex
	nodes map[string]drivers.Node // by name
	cards map[string]*card        // by UUID
	shown map[string][]string     // node -> UUIDs of the target's cards, whether they show their power or not
	wrong map[string]string       // node -> why it could not be read the last time
}

// card is a GPU of the target.
type card struct {
	node    string
	samples []power
}

// startMeters reads every meter of the request now and once a second, until report is called.
func startMeters(ctx context.Context, req drivers.SuiteRequest) *meters {
	m := &meters{req: req, clock: socket.NewClock(), nodes: map[string]drivers.Node{}, cards: map[string]*card{}, shown: map[string][]string{}, wrong: map[string]string{}}
	m.stop = func() {}
	if len(req.Meters) == 0 {
		return m
	}
	m.token, _ = drivers.ReadToken(req.MeterToken) // without it they refuse, and absent says so
	m.http = HTTPClient(len(req.Meters), bounded.MaxAnswer, nil)
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, one := range req.Meters {
		all.Go(func() {
			tick := time.NewTicker(meterEvery)
			defer tick.Stop()
			for ctx.Err() == nil {
				m.read(ctx, one)
				select {
				case <-ctx.Done():
				case <-tick.C:
				}
			}
		})
	}
	m.stop = func() { cancel(); all.Wait(); m.http.CloseIdleConnections() }
	return m
}

// read takes in one answer of one meter. The age of a sample is by the node's clock, when it was taken by ours.
func (m *meters) read(ctx context.Context, one drivers.Meter) {
	families, err := m.fetch(ctx, one.URL)
	at, _ := m.clock.Now()
	if ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err != nil {
		m.wrong[one.Node] = err.Error()
		return
	}
	delete(m.wrong, one.Node)
	m.nodes[one.Node] = nodeOf(one, families)
	for _, g := range families["DCGM_FI_DEV_FB_TOTAL"].GetMetric() {
		if l := labels(g); of(one, l) && !slices.Contains(m.shown[one.Node], l["UUID"]) && len(m.shown[one.Node]) < maxCards {
			m.shown[one.Node] = append(m.shown[one.Node], l["UUID"])
		}
	}
	ages := families["assay_gpu_sample_age_seconds"].GetMetric()
	if len(ages) == 0 {
		return
	}
	at -= time.Duration(ages[0].GetGauge().GetValue() * float64(time.Second))
	for _, g := range families["DCGM_FI_DEV_POWER_USAGE"].GetMetric() {
		label := labels(g)
		if watts := g.GetGauge().GetValue(); of(one, label) && !math.IsNaN(watts) && watts >= 0 {
			m.add(one.Node, label["UUID"], power{at, watts})
		}
	}
}

// add keeps a sample of a card, unless it was seen before: by another meter of the same node, or before nvidia-smi was asked
// again.
func (m *meters) add(node, uuid string, p power) {
	c := m.cards[uuid]
	if c == nil {
		if len(m.cards) == maxCards {
			return
		}
		c = &card{node: node}
		m.cards[uuid] = c
	}
	if n := len(c.samples); n == 0 || p.at-c.samples[n-1].at > meterEvery/10 {
		c.samples = append(c.samples, p)
	}
}

func (m *meters) fetch(ctx context.Context, url string) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, meterTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if m.token != "" {
		req.Header.Set("Authorization", "Bearer "+m.token)
	}
	resp, err := m.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := bounded.ReadAll(resp.Body, bounded.MaxAnswer)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, FailedStatus(resp.StatusCode, body)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	return parser.TextToMetricFamilies(bytes.NewReader(body))
}

// report ends the reading and adds to a result what the nodes are, and the energy of its window.
func (m *meters) report(ctx context.Context, res *drivers.SuiteResult) {
	m.await(ctx, res.Window)
	m.stop()
	for _, one := range m.req.Meters {
		if n, ok := m.nodes[one.Node]; ok && !slices.ContainsFunc(res.Nodes, func(o drivers.Node) bool { return o.Name == n.Name }) {
			res.Nodes = append(res.Nodes, n)
		}
	}
	if m.req.Storage != nil || res.Window == nil {
		return
	}
	total, why := m.energy(*res.Window)
	if why != "" {
		Absent(res, energyOf, why)
		return
	}
	res.Metrics["energy_j"] = total
	if lasted := measured(*res.Window); lasted > 0 {
		res.Metrics["gpu_power_mean_w"] = total / lasted
	}
	if n := res.Metrics["completed"]; n > 0 {
		res.Metrics["energy_per_request_j"] = total / n
	}
	if n := res.Metrics["output_tokens"]; n > 0 {
		res.Metrics["energy_per_output_token_j"] = total / n
	}
}

// await waits until every card was sampled after the window.
func (m *meters) await(ctx context.Context, w *drivers.Window) {
	if w == nil {
		return
	}
	behind := func() bool {
		m.mu.Lock()
		defer m.mu.Unlock()
		for _, c := range m.cards {
			if n := len(c.samples); n > 0 && c.samples[n-1].at < time.Duration(w.MonotonicTo) {
				return true
			}
		}
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, meterAfter)
	defer cancel()
	for behind() && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(meterEvery / 10):
		}
	}
}

// measured is how many seconds the parts of a window last.
func measured(w drivers.Window) (seconds float64) {
	if len(w.Spans) == 0 || w.Stepped != 0 {
		return w.Lasted().Seconds()
	}
	for _, p := range w.Spans {
		seconds += p.To.Sub(p.From).Seconds()
	}
	return seconds
}

// energy is that of all cards of the target in the window, or why it is not known.
func (m *meters) energy(w drivers.Window) (total float64, why string) {
	switch {
	case len(m.req.Meters) == 0:
		return 0, "no counters of the target's nodes are known: assay does not run its server, or the agent there has none"
	case len(m.wrong) > 0:
		for _, node := range slices.Sorted(maps.Keys(m.wrong)) {
			return 0, fmt.Sprintf("the counters of node %s could not be read: %s", node, m.wrong[node])
		}
	}
	for _, one := range m.req.Meters {
		for _, uuid := range m.shown[one.Node] {
			if m.cards[uuid] == nil {
				return 0, fmt.Sprintf("card %s of node %s shows no power", uuid, one.Node)
			}
		}
		if !slices.ContainsFunc(slices.Collect(maps.Values(m.cards)), func(c *card) bool { return c.node == one.Node }) {
			return 0, fmt.Sprintf("node %s shows no power of a GPU: %s", one.Node, m.nodes[one.Node].Absent["gpus"])
		}
	}
	parts := w.Parts()
	if w.Stepped != 0 {
		parts = []drivers.Span{{From: w.From, To: w.From.Add(w.Lasted())}}
	}
	for _, uuid := range slices.Sorted(maps.Keys(m.cards)) {
		c := m.cards[uuid]
		for _, p := range parts {
			from := time.Duration(w.MonotonicFrom) + p.From.Sub(w.From)
			j, err := joules(c.samples, from, from+p.To.Sub(p.From))
			if err != nil {
				return 0, fmt.Sprintf("card %s of node %s: %v", uuid, c.node, err)
			}
			total += j
		}
	}
	return total, ""
}
