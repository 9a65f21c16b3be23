package serving

import (
	"io"
	"time"

	"assay/drivers/suite"
	"assay/drivers/suite/loadgen/sse"
)

// readStream reads server-sent events up to [DONE]. now is called once per read, right after it: events that arrive
// together share their time. A stream that ends without [DONE] is a failure.
func readStream(r io.Reader, buf []byte, now func() time.Duration) (sse.Answer, *suite.Failure) {
	var s sse.Stream
	for {
		n, err := r.Read(buf)
		if f := s.Feed(buf[:n], now()); f != nil {
			return s.Answer, f
		}
		switch {
		case s.Done, err == io.EOF:
			return s.Answer, s.Verdict()
		case err != nil:
			return s.Answer, suite.Failed(err)
		}
	}
}
