package calibrate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/drivers/suite/selftest/truth"
)

// Run measures the command of o and assay's own client.
func Run(ctx context.Context, o Options) (Report, error) {
	if len(o.Command) == 0 || !slices.ContainsFunc(o.Command, func(w string) bool { return strings.Contains(w, "{url}") }) {
		return Report{}, errors.New("the command names no {url}, so the client would not find the server: write it where its address belongs")
	}
	dir, err := os.MkdirTemp("", "assay-calibrate-")
	if err != nil {
		return Report{}, fmt.Errorf("making a folder for what the clients write: %w", err)
	}
	defer safefile.RemoveAll(context.WithoutCancel(ctx), dir)
	theirs, err := one(ctx, o, func(url string) ([]string, string, error) {
		result := filepath.Join(dir, "result.json")
		words := strings.NewReplacer("{url}", url, "{result}", result)
		argv := make([]string, len(o.Command))
		for i, w := range o.Command {
			argv[i] = words.Replace(w)
		}
		return argv, result, nil
	})
	if err != nil {
		return Report{}, fmt.Errorf("running %s: %w", o.Command[0], err)
	}
	if len(theirs.seen) < 2 {
		return Report{}, fmt.Errorf("%s sent %d requests to the server, and it takes two to compare: check that {url} stands where its server belongs, and that it asks for the model %s", o.Command[0], len(theirs.seen), truth.Model)
	}
	ours, err := one(ctx, o, func(url string) ([]string, string, error) {
		return append(slices.Clone(o.Own), filepath.Join(dir, "own")), filepath.Join(dir, "own"), writeOwn(filepath.Join(dir, "own"), url, o.Pace, theirs)
	})
	if err != nil {
		return Report{}, fmt.Errorf("running assay's own client: %w", err)
	}
	return report(theirs, ours), nil
}

// writeOwn makes the run of assay's own client: as many requests as the other one sent, at the rate at which they arrived.
func writeOwn(dir, url string, p truth.Pace, theirs measured) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return durable.Writer{NoSync: true}.ReplaceRecord(filepath.Join(dir, drivers.RequestFile), drivers.SuiteRequest{
		Run: "own", Benchmark: "calibrate", Target: "truth", Endpoints: []string{url}, Model: truth.Model, Seed: 1,
		Serving: &v1alpha1.Serving{Dataset: "random", InputTokens: 8, API: "completions", Prompts: len(theirs.seen), OutputTokens: max(1, p.Tokens), Burstiness: 1, Cores: 1,
			Rate: v1alpha1.Rate(theirs.rate()), RequestTimeout: v1alpha1.Duration(time.Minute)},
	}, nil)
}

// one runs a client against a server of its own. command says what to run, and where the client writes its result: a file, or
// a folder of a run of assay.
func one(ctx context.Context, o Options, command func(url string) (argv []string, result string, err error)) (m measured, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	server, err := truth.Listen(o.Pace)
	if err != nil {
		return m, fmt.Errorf("starting the server: %w", err)
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(serving) }()
	defer func() { stop(); err = errors.Join(err, <-ended) }()
	url := "http://" + server.Address
	argv, result, err := command(url)
	if err != nil {
		return m, err
	}
	used, err := execute(ctx, argv, o.Log)
	if err != nil {
		return m, err
	}
	if m.seen, err = fetch(ctx, url); err != nil {
		return m, err
	}
	if m.claims, m.unread = readClaims(result); m.claims != nil {
		if n := len(m.seen) - m.claims.completed(); n > 0 && m.claims.completed() > 0 {
			m.before, m.seen = n, m.seen[n:]
		}
	}
	if len(m.seen) > 0 {
		m.cpu, m.known = used.between(m.seen[0].arrived, m.end())
	}
	return m, nil
}

// fetch reads the server's record, in the order of arrivals.
func fetch(ctx context.Context, url string) (out []seen, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/truth", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("reading the server's record: %w", err)
	}
	defer resp.Body.Close()
	record, err := io.ReadAll(resp.Body) // of our own
	if err != nil {
		return nil, fmt.Errorf("reading the server's record: %w", err)
	}
	for line := range strings.Lines(string(record)) {
		words := strings.Split(strings.TrimSpace(line), ",") // the first ones are the request's id, as its client chose it
		var n [4]int64
		for i := range n {
			n[i], _ = strconv.ParseInt(words[max(0, len(words)-4+i)], 10, 64) // the server writes numbers
		}
		out = append(out, seen{time.Duration(n[0]), time.Duration(n[1]), time.Duration(n[2]), int(n[3])})
	}
	slices.SortFunc(out, func(a, b seen) int { return int(a.arrived - b.arrived) })
	return out, nil
}
