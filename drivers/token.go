package drivers

import (
	"fmt"
	"os"
	"strings"
)

// ReadToken reads what a server asks of its clients from its file; empty when there is none.
func ReadToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the server's key (apply the manifest again): %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
