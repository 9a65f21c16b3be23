package drivers

import (
	"fmt"
	"os"
	"path"
	"strings"
)

// keySuffix ends the name of a file that holds a key which assay makes itself. No other file of a state directory's secrets has it.
const keySuffix = ".key"

// KeyFile is the file of a key that assay makes for a service: in the secrets of the state directory, the same for every
// revision and every job of the service. variable is the environment variable that hands it to the process.
func KeyFile(state, experiment, service, variable string) string {
	return path.Join(state, "secrets", experiment+"."+service+"."+variable+keySuffix)
}

// IsKeyFile reports whether a file holds a key that assay makes when there is none yet.
func IsKeyFile(file string) bool { return strings.HasSuffix(file, keySuffix) }

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
