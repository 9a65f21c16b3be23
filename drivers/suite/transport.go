package suite

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"assay/drivers/bounded"
)

// HTTPClient is a client for measurements: it keeps up to n connections to a host open, asks no proxy, compresses
// nothing and follows no redirect. An answer has at most limit bytes, and all of them what the budget has (nil: no limit).
// Callers put a deadline on every request's context.
func HTTPClient(n int, limit int64, budget *bounded.Budget) *http.Client {
	return bounded.Client(bounded.Options{Limit: limit, Budget: budget, Idle: n, Stay: true})
}

// Preconnect opens n connections, over all urls in turn, so that no measured request pays for its own: n answers are
// held open at the same time before any is read, and then all connections lie idle in the client's pool. What cannot
// be opened within ten seconds will be opened, or fail and be counted, when it is needed.
func Preconnect(ctx context.Context, client *http.Client, urls []string, n int) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var opened, closed sync.WaitGroup
	release := make(chan struct{})
	for i := range n {
		opened.Add(1)
		closed.Go(func() {
			resp, err := get(ctx, client, urls[i%len(urls)])
			opened.Done()
			if err != nil {
				return
			}
			defer resp.Body.Close()
			<-release
			_, _ = io.Copy(io.Discard, resp.Body) // bounded by the client, and by ctx
		})
	}
	opened.Wait()
	close(release)
	closed.Wait()
}

func get(ctx context.Context, client *http.Client, url string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return client.Do(req)
}
