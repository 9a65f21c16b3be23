package accept

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// ErrRefused marks what is left as it is on purpose: doing the same again changes nothing.
var ErrRefused = errors.New("refused")

// refusal is an ErrRefused with its own words.
type refusal struct{ error }

func (refusal) Is(target error) bool { return target == ErrRefused }
func (r refusal) Unwrap() error      { return r.error }

// byHand is the owner of what was applied on the command line.
const byHand = "apply"

// PullRequest is the source of what is measured for a pull request, and deleted afterwards.
const PullRequest = "pull-request"

// Owner keeps apart what was applied by hand, what each followed source brought, and what is measured for each pull request. A repository is its first commit and
// the path in it, so that it is one owner under each of its addresses.
func Owner(o drivers.Origin) string {
	switch {
	case o.Source == "sync" && o.Identity != "":
		return "sync:" + o.Identity
	case o.Source == "sync" || o.Source == "watch":
		return o.Source + ":" + o.Path
	case o.Source == PullRequest:
		return ownerOfRequest(o) + o.Time.UTC().Format(time.RFC3339Nano)
	}
	return byHand
}

// ownerOfRequest begins the owners of a pull request: one for each time that it is measured.
func ownerOfRequest(o drivers.Origin) string {
	return PullRequest + ":" + cmp.Or(o.Identity, o.Path) + ":" + o.Ref + "@"
}

// Leftovers are the experiments of earlier measurements of the batch's pull request that were not ended, as by a kill.
func (b Batch) Leftovers() (out []store.Revision, err error) {
	heads, err := b.Store.Heads()
	if _, err = store.Tolerate(err); err != nil {
		return nil, err
	}
	for _, h := range heads {
		if strings.HasPrefix(h.Owner, ownerOfRequest(b.Origin)) && h.Owner != Owner(b.Origin) {
			out = append(out, h)
		}
	}
	return out, nil
}

// Owns reports whether an experiment belongs to the source of this batch.
func (b Batch) Owns(head store.Revision) bool {
	return head.Owner == Owner(b.Origin) || b.Origin.Identity != "" && b.older(head)
}

// older recognises an owner from before repositories had an identity, "sync:<repository>#<path>": the path is the same, and
// the repository as typed is, or it holds a commit that the experiment came from.
func (b Batch) older(head store.Revision) bool {
	_, inside, _ := strings.Cut(b.Origin.Identity, ":")
	if !strings.HasPrefix(head.Owner, "sync:") || !strings.HasSuffix(head.Owner, "#"+inside) {
		return false
	}
	if head.Owner == "sync:"+b.Origin.Path {
		return true
	}
	if b.Holds == nil {
		return false
	}
	history, err := b.Store.History(head.Experiment)
	if _, err = store.Tolerate(err); err != nil {
		return false // not recognised: it is refused, which changes nothing
	}
	return slices.ContainsFunc(history, func(r store.Revision) bool { return r.Owner == head.Owner && b.Holds(r.Origin.Commit) })
}

// owner is who owns an experiment once this batch has changed it, or why the batch must leave it; first match wins.
func (b Batch) owner(doc v1alpha1.ExperimentDoc) (string, error) {
	own := Owner(b.Origin)
	head, ok, err := b.Store.Readable(doc.Metadata.Name)
	switch {
	case err != nil:
		return "", err
	case !ok || head.Deleting:
		return own, nil
	case own == byHand && v1alpha1.Hash(head.Spec) == v1alpha1.Hash(doc.Experiment):
		return head.Owner, nil // nothing changes, and its source goes on
	case own == byHand || b.Adopt || b.Owns(head) || b.sameFile(head):
		return own, nil
	case head.Owner == byHand:
		return "", refusal{fmt.Errorf("experiment %s was left as it is: it was applied by hand (%s); to hand it over, add --adopt; to keep it, rename one of the two", head.Experiment, head.Origin.Path)}
	}
	return "", refusal{fmt.Errorf("experiment %s was left as it is: it belongs to %s; to hand it over, add --adopt; to keep it, rename one of the two", head.Experiment, head.Owner)}
}

// sameFile reports whether a watch follows the very file that an experiment was applied from by hand.
func (b Batch) sameFile(head store.Revision) bool {
	if b.Origin.Source != "watch" || head.Owner != byHand || !filepath.IsAbs(head.Origin.Path) {
		return false
	}
	for _, followed := range strings.Split(b.Origin.Path, ", ") {
		if rel, err := filepath.Rel(followed, head.Origin.Path); err == nil && filepath.IsLocal(rel) {
			return true
		}
	}
	return false
}
