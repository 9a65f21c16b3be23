package v1alpha1

import (
	"errors"
	"slices"

	"github.com/hashicorp/go-multierror"
)

// Problems are those that an error of this package lists; nil for any other error.
func Problems(err error) (all []Problem) {
	var list *multierror.Error
	if !errors.As(err, &list) {
		return nil
	}
	for _, e := range list.Errors {
		if p, ok := errors.AsType[Problem](e); ok {
			all = append(all, p)
		}
	}
	return all
}

// Sound has files loaded, and those again that are left when the ones with problems are taken away, until what is left has none:
// so one broken file hides neither what the others declare nor what is wrong in them. It returns what the sound files declare,
// these files, and all problems. Any other error of load ends it.
func Sound(files []File, load func([]File) (Manifest, error)) (m Manifest, sound []File, problems []Problem, err error) {
	sound = slices.Clone(files)
	for len(sound) > 0 {
		m, err = load(sound)
		found := Problems(err)
		if len(found) == 0 {
			return m, sound, problems, err
		}
		before := len(sound)
		sound = slices.DeleteFunc(sound, func(f File) bool {
			return slices.ContainsFunc(found, func(p Problem) bool { return p.File == f.Name })
		})
		if problems = append(problems, found...); len(sound) == before { // a problem of no file, which all would have again
			return Manifest{}, nil, problems, nil
		}
	}
	return Manifest{}, nil, problems, nil
}
