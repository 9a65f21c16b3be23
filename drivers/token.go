package drivers

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
)

// ErrUnauthorized: the server answered, and asks for a key that it was not given.
var ErrUnauthorized = errors.New("the server asks for its key")

// Tokens of assay's own listeners: one each for a state directory, made by its controller, in files of its folder of secrets.
const (
	ScrapeToken = "scrape-token"  // agents' metrics ask for it; whoever scrapes them knows it
	QueryToken  = "query-token"   // the embedded Prometheus asks for it
	WebToken    = "web-token"     // the live page asks for it
	ActToken    = "web-act-token" // and for this one to suspend, resume, rerun and delete
)

// SecretFile is the file of a secret in a state directory, 0600.
func SecretFile(state, name string) string { return path.Join(state, "secrets", name) }

// keySuffix ends the name of a file that holds a key which assay makes itself. No other file of a state directory's secrets has it.
const keySuffix = ".key"

// KeyFile is the file of a key that assay makes for a service: in the secrets of the state directory, the same for every
// revision and every job of the service. variable is the environment variable that hands it to the process.
func KeyFile(state, experiment, service, variable string) string {
	return SecretFile(state, experiment+"."+service+"."+variable+keySuffix)
}

// PasswordFile is the file of the password that the servers of a monitors service ask for.
func PasswordFile(state, experiment, service string) string {
	return SecretFile(state, monitorsPrefix+experiment+"."+service+".password")
}

// CertificateFile is the file of the certificate that the collector of a monitors service asks for.
func CertificateFile(state, experiment, service string) string {
	return SecretFile(state, monitorsPrefix+experiment+"."+service+".pem")
}

const monitorsPrefix = "monitors."

// MadeFor reports whether a file of a state directory's secrets is one that assay made for a service of an experiment. No name of
// an experiment or service has a dot.
func MadeFor(name, experiment string) bool {
	if strings.HasSuffix(name, keySuffix) {
		return strings.HasPrefix(name, experiment+".")
	}
	return strings.HasPrefix(name, monitorsPrefix+experiment+".")
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

// How a listener keeps strangers out: what a client has to prove itself by, or from where it has to come.
const (
	ByToken       = "token"    // a bearer token
	ByPassword    = "password" // of a user
	ByCertificate = "mTLS"
	OnLoopback    = "loopback"           // every user of its node can connect
	OwnPrograms   = "loopback, own user" // and only programs of the same user are answered
	Unprotected   = "none"
)

// PasswordUser is the user whose password Process.Password is.
const PasswordUser = "assay"

// Generated is the path of a file of Generate.
func (p Process) Generated(i int) string { return path.Join(p.Data, p.Generate[i]) }
