package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/lockfile"
)

// Fetched says what a fetch came to.
type Fetched struct {
	Commit         string
	Files          int
	Bytes, Already int64 // in all; of them those that were there
}

// Fetch brings all files of a model at a revision (a branch, a tag or a commit; default main) into the cache. One that was
// interrupted goes on where it ended.
func (h Hub) Fetch(ctx context.Context, model, revision string) (Fetched, error) {
	if revision == "" {
		revision = "main"
	}
	if !IsModel(model) || revision != filepath.Base(revision) || strings.HasPrefix(revision, ".") {
		return Fetched{}, fmt.Errorf("%.80q at revision %.80q cannot be the name of a model", model, revision)
	}
	if h.client == nil {
		h.client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ResponseHeaderTimeout: listFor, TLSHandshakeTimeout: listFor,
			DialContext: (&net.Dialer{Timeout: listFor}).DialContext, MaxIdleConnsPerHost: 2}}
	}
	ref := drivers.Weights{Model: model, Revision: revision}.Ref(h.Home)
	folder := filepath.Dir(filepath.Dir(ref))
	if err := os.MkdirAll(filepath.Join(folder, "blobs"), 0o700); err != nil {
		return Fetched{}, err
	}
	l, err := lockfile.Acquire(ctx, filepath.Join(folder, "assay.lock"), lockfile.Usual, func() bool { return false },
		func(who string) { h.Say("waiting for %s, who fetches it", who) })
	if err != nil {
		return Fetched{}, err
	}
	defer l.Release()
	files, err := h.list(ctx, model, revision)
	if err != nil {
		return Fetched{}, err
	}
	out := Fetched{Commit: files.Commit, Files: len(files.Files)}
	p := &progress{say: h.Say, often: h.Progress, since: time.Now()}
	for _, f := range files.Files {
		_, size := f.hash()
		p.total += size
	}
	for _, f := range files.Files {
		had, err := h.file(ctx, folder, model, files.Commit, f, p)
		if err != nil {
			return out, fmt.Errorf("%s: %w", f.Name, err)
		}
		if _, size := f.hash(); had {
			out.Already += size
		}
		if err := link(folder, files.Commit, f); err != nil {
			return out, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	out.Bytes = p.total
	if err := os.MkdirAll(filepath.Dir(ref), 0o700); err != nil {
		return out, err
	}
	return out, durable.Writer{}.Replace(ref, []byte(files.Commit), nil)
}

// link puts a file into the snapshot of its commit.
func link(folder, commit string, f file) error {
	at := filepath.Join(folder, "snapshots", commit, filepath.FromSlash(f.Name))
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return err
	}
	sum, _ := f.hash()
	to, err := filepath.Rel(filepath.Dir(at), filepath.Join(folder, "blobs", sum))
	if err != nil {
		return err
	}
	if now, err := os.Readlink(at); err == nil && now == to {
		return nil
	}
	if err := os.Remove(at); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Symlink(to, at)
}
