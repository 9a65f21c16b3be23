package hub

import (
	"context"
	"crypto/sha1" //nolint:gosec // Git's hash, which the hub states for small files
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay/drivers/durable"
)

const (
	attempts    = 5 // at one file, each of which brought more bytes than none
	stallFor    = time.Minute
	reportEvery = 10 * time.Second
)

// progress is told every ten seconds, or to who draws it with every part.
type progress struct {
	say         func(format string, v ...any)
	often       func(done, total int64)
	done, total int64
	since, told time.Time
}

func (p *progress) add(n int64) {
	p.done += n
	if p.often != nil {
		p.often(p.done, p.total)
		return
	}
	if now := time.Now(); now.Sub(p.told) > reportEvery && n > 0 {
		p.told = now
		p.say("%.2f of %.2f GB", float64(p.done)/1e9, float64(p.total)/1e9)
	}
}

// file brings one file into the cache and reports whether it was there. A connection that breaks is made again.
func (h Hub) file(ctx context.Context, folder, model, commit string, f file, p *progress) (had bool, err error) {
	sum, size := f.hash()
	blob := filepath.Join(folder, "blobs", sum)
	if info, err := os.Stat(blob); err == nil && info.Mode().IsRegular() && info.Size() == size {
		p.add(size)
		return true, nil
	}
	at := "/" + model + "/resolve/" + commit + "/" + escaped(f.Name)
	began := p.done
	for try := 1; ; try++ {
		p.done = began
		err = h.attempt(ctx, at, blob, sum, size, p)
		if err == nil || ctx.Err() != nil || try == attempts || errors.Is(err, errContent) && try > 1 {
			return false, err
		}
	}
}

func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// errContent is wrapped by the error of a file that is not what the hub says it is.
var errContent = errors.New("its content is not what the hub says it is")

// attempt goes on with what is there of a file, and moves it into place once it is whole and right.
func (h Hub) attempt(ctx context.Context, at, blob, sum string, size int64, p *progress) error {
	part := blob + ".incomplete"
	out, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	digest := digester(sum, size)
	have, err := io.Copy(digest, io.LimitReader(out, size)) // what an earlier fetch left, hashed again
	if err != nil {
		return err
	}
	p.add(have)
	if have < size || size == 0 {
		if err := h.rest(ctx, at, out, digest, have, size, p); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(digest.Sum(nil)); got != sum {
		return errors.Join(fmt.Errorf("%w: its hash is %s, not %s", errContent, got, sum), os.Remove(part))
	}
	if err := out.Truncate(size); err != nil {
		return err
	}
	if err := out.Sync(); err != nil {
		return err
	}
	return durable.Writer{}.Move(part, blob)
}

// rest writes what is missing of a file. A server that takes no ranges sends all of it.
func (h Hub) rest(ctx context.Context, at string, out *os.File, digest hash.Hash, have, size int64, p *progress) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stalled := time.AfterFunc(stallFor, cancel)
	defer stalled.Stop()
	resp, err := h.get(ctx, at, have)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if have > 0 && resp.StatusCode == http.StatusOK {
		digest.Reset()
		begin(digest, size)
		p.add(-have)
		have = 0
	}
	if _, err := out.Seek(have, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(io.MultiWriter(out, digest), io.LimitReader(&counted{resp.Body, p, stalled}, size-have))
	switch {
	case err != nil:
		return err
	case n < size-have:
		return fmt.Errorf("%w after %d of %d bytes", io.ErrUnexpectedEOF, have+n, size)
	}
	return nil
}

// counted tells progress, and puts off the end of a connection that stalls.
type counted struct {
	r       io.Reader
	p       *progress
	stalled *time.Timer
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if n > 0 {
		c.stalled.Reset(stallFor)
		c.p.add(int64(n))
	}
	return n, err
}

// digester is the hash that the hub states: SHA-256, or Git's of a blob.
func digester(sum string, size int64) hash.Hash {
	if len(sum) == 2*sha256.Size {
		return sha256.New()
	}
	d := sha1.New() //nolint:gosec // see above
	begin(d, size)
	return d
}

// begin writes the header that Git hashes before a content.
func begin(d hash.Hash, size int64) {
	if d.Size() == sha1.Size {
		fmt.Fprintf(d, "blob %d\x00", size)
	}
}
