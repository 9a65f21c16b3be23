package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// Signature is what is known of who signed a bundle.
type Signature struct {
	Key       string `json:"key"`                 // its fingerprint: SHA256:…
	Type      string `json:"type"`                // ssh-ed25519 …
	Principal string `json:"principal,omitempty"` // who may use that key, by the file of allowed signers; empty: no file was given

	public string // the key as files of keys have it
}

// sign signs SHA256SUMS with a key: a private one, or the public half of one that an agent holds.
func sign(ctx context.Context, key string, text []byte) ([]byte, error) {
	out, err := keygen(ctx, text, "-Y", "sign", "-n", namespace, "-f", key)
	if err != nil {
		return nil, fmt.Errorf("signing with %s: %w; name a private key, or the public half of one that your agent holds (ssh-add -L lists those)", key, err)
	}
	if _, err := dearmor(out); err != nil {
		return nil, fmt.Errorf("signing with %s: what ssh-keygen wrote is not understood: %w", key, err)
	}
	return out, nil
}

// signers says whose signature counts.
type signers struct {
	file string // of allowed signers (ssh-keygen(1)); empty: anybody's
	id   string // only this one of them; empty: any
}

// check checks the signature of SHA256SUMS.
func (s signers) check(ctx context.Context, text, signature []byte) (*Signature, error) {
	parts, err := dearmor(signature)
	if err != nil {
		return nil, err
	}
	found := &Signature{Key: parts.fingerprint, Type: parts.keyType, public: parts.key}
	dir, err := os.MkdirTemp("", "assay-bundle-") // ssh-keygen reads a signature from a file alone
	if err != nil {
		return nil, err
	}
	defer func() { _ = safefile.RemoveAll(context.WithoutCancel(ctx), dir) }()
	file := filepath.Join(dir, "signature")
	if err := (durable.Writer{}).Replace(file, signature, nil); err != nil {
		return nil, err
	}
	if s.file == "" {
		if _, err := keygen(ctx, text, "-Y", "check-novalidate", "-n", namespace, "-s", file); err != nil {
			return nil, fmt.Errorf("%w: the signature is not that of %s: %w", errAltered, sumsFile, err)
		}
		return found, nil
	}
	return found, s.allowed(ctx, text, file, found)
}

// allowed finds out which of the allowed signers has signed.
func (s signers) allowed(ctx context.Context, text []byte, file string, found *Signature) error {
	who := []string{s.id}
	if s.id == "" {
		var err error
		if who, err = s.names(found); err != nil {
			return err
		}
	}
	err := errors.New("no name stands beside its key")
	for _, id := range who {
		if _, err = keygen(ctx, text, "-Y", "verify", "-f", s.file, "-I", id, "-n", namespace, "-s", file); err == nil {
			found.Principal = id
			return nil
		}
	}
	return fmt.Errorf("its signature by the key %s is not one of %s by %s: %w", found.Key, strings.Join(who, ", "), s.file, err)
}

// names are those that stand beside the key of a signature. ssh-keygen -Y find-principals knows the first line alone, which can be
// one for signatures of other things.
func (s signers) names(found *Signature) (out []string, err error) {
	text, err := safefile.ReadFile(s.file, 1<<20)
	if err != nil {
		return nil, fmt.Errorf("reading the allowed signers: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if slices.Contains(words, found.public) && !strings.HasPrefix(words[0], "#") {
			out = append(out, strings.Split(strings.Trim(words[0], `"`), ",")...)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the key %s that signed it is not in %s; of a certificate name the --signer", found.Key, s.file)
	}
	return out, nil
}

// keygen runs ssh-keygen on a text. A key that has a passphrase asks for it on the terminal.
func keygen(ctx context.Context, text []byte, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, "ssh-keygen", args...)
	c.Stdin = bytes.NewReader(text)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, errors.New("there is no ssh-keygen; install OpenSSH's client (Debian: openssh-client)")
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		said := strings.TrimSpace(errs.String() + string(out))
		return nil, fmt.Errorf("ssh-keygen -Y %s: %w: %s", args[1], err, said)
	}
	return out, nil
}
