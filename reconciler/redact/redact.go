package redact

import (
	"cmp"
	"io"
	"slices"
	"strings"
)

// Shortest is the length in bytes below which a secret is ignored.
const Shortest = 6

// Mark is what stands in the place of a secret.
const Mark = "[REDACTED]"

// chunk bounds what one pass holds in addition to the longest form, in bytes.
const chunk = 32 << 10

// Values are secrets whose values are known, in all their forms. It does not change: it is safe for concurrent use.
type Values struct {
	first   [256][]string // forms by their first byte, longest first
	longest int
}

// Of are the secrets of some values.
func Of(secrets ...string) *Values {
	v := &Values{}
	for _, s := range secrets {
		if len(s) < Shortest {
			continue
		}
		for _, f := range forms(s) {
			v.longest = max(v.longest, len(f))
			v.first[f[0]] = append(v.first[f[0]], f)
		}
	}
	for i, fs := range v.first {
		slices.SortFunc(fs, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
		v.first[i] = slices.Compact(fs)
	}
	return v
}

// Longest is the length of the longest form: a secret covers no more bytes, and a Writer holds fewer back.
func (v *Values) Longest() int { return v.longest }

// Writer returns a Writer to w that hides the values.
func (v *Values) Writer(w io.Writer) *Writer { return &Writer{w: w, Values: v} }

// Writer replaces secrets in what it passes on. Last bytes that may begin a secret are held back until more comes, or Flush.
type Writer struct {
	*Values
	w    io.Writer
	held []byte // not decided yet
	hide int    // bytes still to come that belong to a secret found
	out  []byte
	err  error
}

// New returns a Writer to w that hides the secrets.
func New(w io.Writer, secrets ...string) *Writer { return Of(secrets...).Writer(w) }

// Write takes all of p, unless writing failed.
func (r *Writer) Write(p []byte) (int, error) {
	n := 0
	for len(p) > 0 && r.err == nil {
		part := p[:min(len(p), chunk)]
		p = p[len(part):]
		r.held = append(r.held, part...)
		r.pass(r.decided())
		n += len(part)
	}
	return n, r.err
}

// Flush passes on what is held back. A secret that only ends in a later Write is not found.
func (r *Writer) Flush() error {
	r.pass(len(r.held))
	return r.err
}

// decided is how many of the bytes held cannot begin a secret that ends later.
func (r *Writer) decided() int {
	for i := max(len(r.held)-max(r.longest-1, 0), 0); i < len(r.held); i++ {
		for _, f := range r.first[r.held[i]] {
			if tail := r.held[i:]; len(tail) < len(f) && f[:len(tail)] == string(tail) {
				return i
			}
		}
	}
	return len(r.held)
}

// pass decides the first n bytes held.
func (r *Writer) pass(n int) {
	if n <= 0 || r.err != nil {
		return
	}
	r.out = r.out[:0]
	for i := range n {
		if m := r.match(r.held[i:]); m > r.hide {
			if r.hide == 0 {
				r.out = append(r.out, Mark...)
			}
			r.hide = m
		}
		if r.hide > 0 {
			r.hide--
			continue
		}
		r.out = append(r.out, r.held[i])
	}
	r.held = append(r.held[:0], r.held[n:]...)
	if len(r.out) > 0 {
		_, r.err = r.w.Write(r.out)
	}
}

// match is the length of the longest form that b begins with; 0 when there is none.
func (v *Values) match(b []byte) int {
	for _, f := range v.first[b[0]] {
		if len(b) >= len(f) && string(b[:len(f)]) == f {
			return len(f)
		}
	}
	return 0
}
