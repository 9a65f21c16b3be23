package drivers

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrUnauthorized: the server answered, and asks for a key that it was not given.
var ErrUnauthorized = errors.New("the server asks for its key")

// ReadToken reads the bearer token for a server from its file; without a file it is empty.
func ReadToken(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("reading the server's key: %w; apply the manifest again", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
