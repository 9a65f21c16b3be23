package serving

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"assay/drivers"
)

// headersOf are the headers that the manifest adds to every request. The values of secret ones are read from the files of the
// target's secrets; they are also returned, to be kept out of everything that is written.
func headersOf(req drivers.SuiteRequest) (h http.Header, hidden []string, err error) {
	h = http.Header{}
	for name, value := range req.Serving.Headers {
		h.Set(name, value)
	}
	for name, secret := range req.Serving.SecretHeaders {
		file := req.SecretFiles[secret]
		if file == "" {
			return nil, nil, fmt.Errorf("the request names no file of the secret %s, for the header %s; apply the manifest again", secret, name)
		}
		value, err := drivers.ReadToken(file)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the secret of the header %s: %w", name, err)
		}
		if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return nil, nil, fmt.Errorf("the secret %s holds a control character, which the header %s cannot", secret, name)
		}
		h.Set(name, value)
		hidden = append(hidden, value)
	}
	return h, hidden, nil
}

// headerLines are the headers as they stand in a request.
func (c *client) headerLines() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(c.headers)) {
		fmt.Fprintf(&b, "%s: %s\r\n", name, c.headers.Get(name))
	}
	return b.String()
}
