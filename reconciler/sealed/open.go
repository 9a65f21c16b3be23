package sealed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
	"assay/reconciler/results"
)

// Who says whose signature is asked for.
type Who struct {
	AllowedSigners string // file (ssh-keygen(1)); empty: a signature is checked, and may be anybody's
	Signer         string // one of them; empty: any
}

// Bundle is a file of which every byte was checked. It stays open until Close.
type Bundle struct {
	About      About
	Manifest   []byte // YAML
	Site       v1alpha1.Site
	Provenance Provenance
	Rows       []results.Row
	Members    []Member
	Signature  *Signature // nil: it is not signed

	file *os.File
	kept map[string][]byte
}

// Open reads a bundle and checks all of it. Its error says what is wrong, and where.
func Open(ctx context.Context, path string, who Who) (*Bundle, error) {
	f, err := safefile.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the bundle: %w", err)
	}
	b := &Bundle{file: f, kept: map[string][]byte{}}
	if err = b.check(ctx, f, who); err == nil {
		err = b.decode()
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), f.Close())
	}
	return b, nil
}

// Close lets the file go.
func (b *Bundle) Close() error { return b.file.Close() }

// check reads everything once.
func (b *Bundle) check(ctx context.Context, r io.Reader, who Who) error {
	in := &container{r: r, buffer: make([]byte, 32<<10)}
	last := ""
	for {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name, size, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if last != "" && order(last, name) >= 0 {
			return altered("%s comes behind %s: members are there once and in order", name, last)
		}
		last = name
		if err := b.member(in, name, size); err != nil {
			return err
		}
	}
	return b.whole(ctx, who)
}

// member reads one, and keeps those that are needed.
func (b *Bundle) member(in *container, name string, size int64) error {
	if len(b.Members) >= mostMembers {
		return altered("it has more than %d members", mostMembers)
	}
	m := Member{Name: name, Size: size, at: in.at}
	h := sha256.New()
	var to io.Writer = h
	var keep bytes.Buffer
	limit, kept := held[name]
	if kept && size > limit {
		return altered("%s says that it has %d bytes, and can have %d", name, size, limit)
	}
	if kept {
		to = io.MultiWriter(h, &keep)
	}
	if _, err := io.CopyBuffer(to, in, in.buffer); err != nil {
		return err
	}
	m.SHA256 = hex.EncodeToString(h.Sum(nil))
	if kept {
		b.kept[name] = keep.Bytes()
	}
	b.Members = append(b.Members, m)
	return nil
}

// whole compares what was read with the sums, and those with the signature.
func (b *Bundle) whole(ctx context.Context, who Who) error {
	signature, signed := b.kept[signatureFile]
	b.Members = slices.DeleteFunc(b.Members, func(m Member) bool { return m.Name == sumsFile || m.Name == signatureFile })
	for _, name := range required {
		if _, ok := b.kept[name]; !ok {
			return altered("%s is missing", name)
		}
	}
	for _, m := range b.Members {
		if sum, data := strings.CutPrefix(m.Name, dataFolder); data && sum != m.SHA256 {
			return altered("%s has another content than its name says", m.Name)
		}
	}
	if err := differs(b.kept[sumsFile], b.Members); err != nil {
		return err
	}
	if err := json.Unmarshal(b.kept[aboutFile], &b.About); err != nil {
		return altered("%s cannot be read: %v", aboutFile, err)
	}
	if b.About.Format > Format {
		return fmt.Errorf("its format is %d, and this assay knows %d: a newer assay made it", b.About.Format, Format)
	}
	switch wanted := !b.About.SignedAt.IsZero(); {
	case wanted && !signed:
		return altered("it was signed, and its signature was taken off")
	case !wanted && signed:
		return altered("it was made without a signature, and has one")
	case !signed && who.AllowedSigners != "":
		return fmt.Errorf("it is not signed, and a signature of one of %s is asked for", who.AllowedSigners)
	case !signed:
		return nil
	}
	var err error
	b.Signature, err = signers{who.AllowedSigners, who.Signer}.check(ctx, b.kept[sumsFile], signature)
	return err
}

// decode reads what the members say.
func (b *Bundle) decode() error {
	var t table
	for name, to := range map[string]any{provenanceFile: &b.Provenance, resultsFile: &t} {
		if err := json.Unmarshal(b.kept[name], to); err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
	}
	b.Rows, b.Manifest = t.Runs, b.kept[manifestFile]
	sites, err := v1alpha1.Decode([]v1alpha1.File{{Name: siteFile, Data: b.kept[siteFile]}})
	if err != nil || len(sites.Sites) != 1 {
		return errors.Join(fmt.Errorf("reading %s: it is not one Site", siteFile), err)
	}
	b.Site = sites.Sites[0]
	return nil
}

// Extract writes a member, and fails when it is not what was checked: the file may have changed since.
func (b *Bundle) Extract(m Member, w io.Writer) error {
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, h), io.NewSectionReader(b.file, m.at, m.Size)); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != m.SHA256 {
		return altered("%s changed while it was read", m.Name)
	}
	return nil
}

// id names the content: two bundles with the same one hold the same.
func (b *Bundle) id() string {
	sum := sha256.Sum256(b.kept[sumsFile])
	return hex.EncodeToString(sum[:])
}
