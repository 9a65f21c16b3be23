package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/redact"
)

// secretLimit is more bytes than any token or key has.
const secretLimit = 1 << 20

// storedSecrets reads the values that must not appear: stored ones, and those that agents generated.
func (b *Bundle) storedSecrets() error {
	err := filepath.WalkDir(filepath.Join(b.dir, "secrets"), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || err == nil && !e.Type().IsRegular() {
			return nil
		}
		if err != nil {
			return err
		}
		return b.secretFile(path)
	})
	if err != nil {
		return fmt.Errorf("reading the stored secrets, which have to be left out: %w", err)
	}
	for _, name := range b.files {
		if filepath.Base(name) != drivers.DesiredFile {
			continue
		}
		var desired drivers.AgentDesired
		if err := b.read(name, &desired); err != nil {
			continue // settings rewrites it, or leaves it out
		}
		for _, p := range desired.Processes {
			if err := b.processSecrets(p); err != nil {
				return err
			}
		}
	}
	return nil
}

// processSecrets reads the files that a process takes secrets from. A file that is gone has no secret to hide.
func (b *Bundle) processSecrets(p drivers.Process) error {
	for _, g := range p.Generate {
		if err := b.secretFile(filepath.Join(p.Data, g)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading the password of %s, which has to be left out: %w", p.Name, err)
		}
	}
	for _, f := range p.Secrets {
		if err := b.secretFile(f); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading a secret of %s, which has to be left out: %w", p.Name, err)
		}
	}
	return nil
}

func (b *Bundle) secretFile(path string) error {
	value, err := durable.Read(path, secretLimit)
	if err != nil {
		return err
	}
	b.hide(string(value), path)
	return nil
}

// hide notes a value that must not appear, without the line end that files have. One that is too short to be looked for
// is named instead.
func (b *Bundle) hide(value, where string) {
	trimmed := strings.TrimSpace(value)
	if trimmed == "" {
		return
	}
	if len(trimmed) < redact.Shortest {
		if !slices.Contains(b.short, where) {
			b.short = append(b.short, where)
			b.note("The secret in %s has fewer than %d bytes: it is not looked for in logs.", where, redact.Shortest)
		}
		return
	}
	if !slices.Contains(b.secrets, trimmed) {
		b.secrets = append(b.secrets, trimmed)
	}
}

// settings rewrites the documents that hold settings without the values that look secret.
func (b *Bundle) settings() error {
	for _, name := range b.files {
		base := filepath.Base(name)
		if base != drivers.DesiredFile && base != drivers.RequestFile && !strings.HasPrefix(name, "revisions/") {
			continue
		}
		document, err := durable.Read(b.inState(name), durable.MaxRecord)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading what to archive: %w", err)
		}
		clean, found, err := redact.Settings(document)
		if err != nil {
			b.note("%s is left out: it cannot be read, and may hold a secret: %v", name, err)
			clean = []byte("left out: it could not be read\n")
		}
		for _, s := range found {
			b.hide(s.Value, "the setting "+s.Name)
		}
		b.content[name] = clean
	}
	return nil
}

func (b *Bundle) note(format string, v ...any) { b.Notes = append(b.Notes, fmt.Sprintf(format, v...)) }
