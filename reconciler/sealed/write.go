package sealed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
	"assay/drivers/safefile"
	"assay/reconciler/redact"
)

// Made says what Create wrote.
type Made struct {
	About
	Bytes   int64
	Members int
	Data    []DataSet // that runs read
}

// Create writes a bundle, mode 0600, replacing what has that path. With a key it is signed: contents say when. The file has its name only when
// it is whole.
func Create(ctx context.Context, path string, c Contents, key string, progress func(done, total int, name string)) (Made, error) {
	var made Made
	err := durable.Writer{}.Stream(path, 0o600, func(to io.Writer) (err error) {
		made, err = create(ctx, to, c, key, progress)
		return err
	})
	if err != nil {
		return made, fmt.Errorf("writing the bundle %s: %w", path, err)
	}
	return made, nil
}

func create(ctx context.Context, to io.Writer, c Contents, key string, progress func(done, total int, name string)) (Made, error) {
	w, err := newWriter(to, c.Secrets)
	if err != nil {
		return Made{}, err
	}
	defer w.scratch.Close()
	about, all, err := w.plan(c)
	if err != nil {
		return Made{}, err
	}
	for i, m := range all {
		if ctx.Err() != nil {
			return Made{}, ctx.Err()
		}
		if progress != nil {
			progress(i, len(all), m.name)
		}
		if err := w.add(m); err != nil {
			return Made{}, err
		}
	}
	if err := w.close(ctx, key); err != nil {
		return Made{}, err
	}
	if progress != nil {
		progress(len(all), len(all), "")
	}
	return Made{about, w.written, len(w.members), c.provenance().Data}, nil
}

// planned is a member that is to come.
type planned struct {
	name string
	fill func(io.Writer) error
}

func fixed(name string, b []byte) planned {
	return planned{name, func(w io.Writer) error { _, err := w.Write(b); return err }}
}

// writer is a bundle on its way. A member goes through a file first: its header needs its size.
type writer struct {
	to       io.Writer
	written  int64
	scratch  *os.File
	secrets  *redact.Values
	settings *redact.Values // of the manifest and the site
	found    []string       // what settings is made of
	members  []Member
}

func newWriter(to io.Writer, secrets *redact.Values) (*writer, error) {
	scratch, err := os.CreateTemp("", "assay-bundle-*")
	if err != nil {
		return nil, err
	}
	if secrets == nil {
		secrets = redact.Of()
	}
	return &writer{to: to, scratch: scratch, secrets: secrets, settings: redact.Of()}, os.Remove(scratch.Name()) // it lives as long as it is open
}

// plan lists the members in the order in which they come.
func (w *writer) plan(c Contents) (About, []planned, error) {
	manifest, hidden, err := w.manifest(c.Revision.Spec)
	if err != nil {
		return About{}, nil, err
	}
	site, err := w.document(c.Revision.Site, &[]string{})
	if err != nil {
		return About{}, nil, err
	}
	bill, err := sbom(c.Program, c.Build)
	if err != nil {
		return About{}, nil, err
	}
	about := c.about(hidden)
	all := []planned{fixed(manifestFile, manifest), fixed(siteFile, site), fixed(sbomFile, bill)}
	for name, v := range map[string]any{aboutFile: about, provenanceFile: c.provenance(), resultsFile: table{v1alpha1.APIVersion, "Report", about.Experiment, about.Simulated, here(c.Rows)}} {
		b, err := w.record(v)
		if err != nil {
			return about, nil, err
		}
		all = append(all, fixed(name, b))
	}
	for _, r := range c.Runs {
		members, err := w.runMembers(r)
		if err != nil {
			return about, nil, err
		}
		all = append(all, members...)
	}
	if c.Data {
		all = append(all, dataMembers(dataFiles(c.Runs))...)
	}
	if len(all) > mostMembers {
		return about, nil, fmt.Errorf("its runs have %d files, and a bundle can hold %d", len(all), mostMembers)
	}
	slices.SortFunc(all, func(a, b planned) int { return order(a.name, b.name) })
	return about, all, nil
}

// add writes a member.
func (w *writer) add(m planned) error {
	if err := w.scratch.Truncate(0); err != nil {
		return err
	}
	if _, err := w.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha256.New()
	if err := m.fill(io.MultiWriter(w.scratch, h)); err != nil {
		return err
	}
	size, err := w.scratch.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if limit, kept := held[m.name]; kept && size > limit {
		return fmt.Errorf("%s would have %d bytes, and can have %d", m.name, size, limit)
	}
	if _, err := w.scratch.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := put(counting{w}, m.name, size, w.scratch); err != nil {
		return err
	}
	w.members = append(w.members, Member{Name: m.name, Size: size, SHA256: hex.EncodeToString(h.Sum(nil))})
	return nil
}

// close writes the sums, the signature and the end.
func (w *writer) close(ctx context.Context, key string) error {
	text := sums(w.members)
	if err := put(counting{w}, sumsFile, int64(len(text)), bytes.NewReader(text)); err != nil {
		return err
	}
	if key != "" {
		signature, err := sign(ctx, key, text)
		if err == nil {
			err = put(counting{w}, signatureFile, int64(len(signature)), bytes.NewReader(signature))
		}
		if err != nil {
			return err
		}
	}
	return end(counting{w})
}

// counting counts what is written.
type counting struct{ w *writer }

func (c counting) Write(p []byte) (int, error) {
	n, err := c.w.to.Write(p)
	c.w.written += int64(n)
	return n, err
}

// dataMembers are data sets, each once, as their runs read them.
func dataMembers(files []drivers.DataFile) (out []planned) {
	seen := map[string]bool{}
	for _, f := range files {
		if seen[f.SHA256] {
			continue
		}
		seen[f.SHA256] = true
		out = append(out, planned{dataFolder + f.SHA256, func(w io.Writer) error {
			from, err := safefile.Open(f.Path)
			if err != nil {
				return fmt.Errorf("the data set %s, which is to travel along: %w", f.Path, err)
			}
			defer from.Close()
			h := sha256.New()
			if _, err := io.Copy(io.MultiWriter(w, h), from); err != nil {
				return err
			}
			if hex.EncodeToString(h.Sum(nil)) != f.SHA256 {
				return fmt.Errorf("the data set %s is not the file that the runs read any more: leave it out (without --data), or put the old one back", f.Path)
			}
			return nil
		}})
	}
	return out
}
