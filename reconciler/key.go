package reconciler

import (
	"errors"
	"fmt"
	"io/fs"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/reconciler/store"
)

// Named is a declared service. name is SERVICE or EXPERIMENT/SERVICE; keyFile holds the key that it asks of its clients, and
// is empty when it asks for none, which why explains.
func Named(heads []store.Revision, c Compiler, name string) (experiment, service, keyFile string, why, err error) {
	var found []string
	for _, rev := range heads {
		for _, s := range rev.Spec.Spec.Services {
			full := rev.Experiment + "/" + s.Name
			if name != s.Name && name != full {
				continue
			}
			p, err := compileService(rev, s, c)
			if err != nil {
				return "", "", "", nil, fmt.Errorf("compiling service %s: %w", full, err)
			}
			found = append(found, full)
			experiment, service, keyFile, why = rev.Experiment, s.Name, p.TokenFile(), keyless(full, s)
		}
	}
	switch {
	case len(found) == 0:
		return "", "", "", nil, fmt.Errorf("no service %s is declared; what there is: assay get services", name)
	case len(found) > 1:
		return "", "", "", nil, fmt.Errorf("%s is the name of several services; type one of %v", name, found)
	}
	return experiment, service, keyFile, why, nil
}

// Key is the key that a declared service asks of its clients. An error says why there is none, and what to type.
func Key(heads []store.Revision, c Compiler, name string) (string, error) {
	experiment, service, file, why, err := Named(heads, c, name)
	switch {
	case err != nil:
		return "", err
	case file == "":
		return "", why
	}
	key, err := drivers.ReadToken(file)
	if errors.Is(err, fs.ErrNotExist) && drivers.IsKeyFile(file) {
		return "", fmt.Errorf("service %s/%s has no key yet: it is made when its first job is submitted", experiment, service)
	}
	return key, err
}

// keyless says why a service has no key.
func keyless(full string, s v1alpha1.Service) error {
	switch {
	case s.Auth == v1alpha1.AuthNone:
		return fmt.Errorf("service %s asks for no key: its manifest says auth: none", full)
	case s.Serves() || s.Chroma != nil:
		return fmt.Errorf("service %s asks for no key: an older assay accepted its manifest; apply it again, and its server restarts with one", full)
	case s.External != nil:
		return fmt.Errorf("service %s is run by others, and its manifest has no secret with a key", full)
	}
	return fmt.Errorf("service %s has no key: assay gives one to model servers and chroma only", full)
}
