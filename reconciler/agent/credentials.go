package agent

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/listen"
)

// makeCredentials makes what the process is to have and what is not there yet, and reads the password. The first agent that
// needs one makes it, for all that know its path.
func (p *process) makeCredentials() (err error) {
	if p.want.Certificate != "" {
		if err := makeOnce(p.want.Certificate, listen.NewCertificate); err != nil {
			return fmt.Errorf("making its certificate: %w", err)
		}
	}
	if p.want.Password == "" {
		return nil
	}
	if err := makeOnce(p.want.Password, newPassword); err != nil {
		return fmt.Errorf("making its password: %w", err)
	}
	p.password, err = drivers.ReadToken(p.want.Password)
	return err
}

// newPassword is a random one: 26 letters and digits, 130 bits.
func newPassword() ([]byte, error) { return []byte(rand.Text()), nil }

// makeOnce makes a file unless it is there.
func makeOnce(path string, content func() ([]byte, error)) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	b, err := content()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o700)
	}
	if err == nil {
		err = durable.Writer{}.Create(path, b, nil)
	}
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}

// hashed is a password and its hash, which is another one each time that it is made.
type hashed struct{ password, hash string }

// expandPrivate is expand for what nobody else reads: the words for passwords and certificates count too.
func (p *process) expandPrivate(s string) (string, error) {
	s, err := p.expand(s)
	if err != nil || !strings.Contains(s, "$(") {
		return s, err
	}
	for _, word := range p.privateWords() {
		if !strings.Contains(s, word.name) {
			continue
		}
		v, err := word.value()
		if err != nil {
			return s, fmt.Errorf("replacing %s: %w", word.name, err)
		}
		s = strings.ReplaceAll(s, word.name, v)
	}
	return s, nil
}

type privateWord struct {
	name  string
	value func() (string, error)
}

// privateWords are those of what the process has; others can be the program's own.
func (p *process) privateWords() (out []privateWord) {
	if p.want.Password != "" {
		basic := base64.StdEncoding.EncodeToString([]byte(drivers.PasswordUser + ":" + p.password))
		out = append(out, privateWord{"$(PASSWORD)", func() (string, error) { return p.password, nil }},
			privateWord{"$(BASIC)", func() (string, error) { return basic, nil }}, privateWord{"$(BCRYPT)", p.bcrypt})
	}
	if p.want.Certificate != "" {
		out = append(out, privateWord{"$(CERTIFICATE)", func() (string, error) {
			b, err := durable.Read(p.want.Certificate, maxSecret)
			return string(b), err
		}})
	}
	if p.want.Targets != "" {
		out = append(out, privateWord{"$(SCRAPE)", func() (string, error) { return drivers.ReadToken(p.a.desired.Token) }})
	}
	return out
}

// bcrypt is the password's hash at the least cost: 130 random bits need no stretching, and a server that is asked with wrong
// passwords would spend its time on more.
func (p *process) bcrypt() (string, error) {
	if p.hash.password != p.password {
		h, err := bcrypt.GenerateFromPassword([]byte(p.password), bcrypt.MinCost)
		if err != nil {
			return "", err
		}
		p.hash = hashed{p.password, string(h)}
	}
	return p.hash.hash, nil
}
