package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"assay/drivers/durable"
	"assay/drivers/safefile"
)

// Signature is what is known of who signed a bundle.
type Signature struct {
	Key       string `json:"key"`                 // its fingerprint: SHA256:…
	Type      string `json:"type"`                // ssh-ed25519 …
	Principal string `json:"principal,omitempty"` // who may use that key, by the file of allowed signers; empty: no file was given
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
	found := &Signature{Key: parts.fingerprint, Type: parts.keyType}
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
	if found.Principal = s.id; found.Principal == "" {
		out, err := keygen(ctx, text, "-Y", "find-principals", "-s", file, "-f", s.file)
		if err != nil {
			return nil, fmt.Errorf("the key %s that signed it is not in %s", found.Key, s.file)
		}
		found.Principal, _, _ = strings.Cut(string(out), "\n")
	}
	if _, err := keygen(ctx, text, "-Y", "verify", "-f", s.file, "-I", found.Principal, "-n", namespace, "-s", file); err != nil {
		return nil, fmt.Errorf("its signature by the key %s is not one of %s by %s: %w", found.Key, found.Principal, s.file, err)
	}
	return found, nil
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
