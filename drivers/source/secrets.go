package source

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers/safefile"
)

const maxSecret = 64 << 10 // bytes of a file that holds one

// Secrets reads every secret that an experiment names, from the environment and the files of this process. It hands each
// value to keep, which returns the value's digest. The experiment that comes back carries the digests and no value. An
// error names the manifest's line, the service and the secret; all of them are reported at once.
func Secrets(doc v1alpha1.ExperimentDoc, keep func(value string) (digest string, err error)) (v1alpha1.ExperimentDoc, error) {
	return SecretsBy(Secret)(doc, keep)
}

// SecretsBy is Secrets with another way to read a value.
func SecretsBy(read func(v1alpha1.Secret) (string, error)) func(v1alpha1.ExperimentDoc, func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
	return func(doc v1alpha1.ExperimentDoc, keep func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
		return secrets(doc, read, keep)
	}
}

func secrets(doc v1alpha1.ExperimentDoc, read func(v1alpha1.Secret) (string, error), keep func(string) (string, error)) (v1alpha1.ExperimentDoc, error) {
	services := slices.Clone(doc.Experiment.Spec.Services)
	var errs []error
	for i, s := range services {
		services[i].Secrets = maps.Clone(s.Secrets)
		for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
			ref := s.Secrets[name]
			value, err := read(ref)
			if err == nil {
				ref.Digest, err = keep(value)
			}
			if err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: experiment %s, service %s: secret %s: %w", doc.File, doc.Line, doc.Experiment.Metadata.Name, s.Name, name, err))
				continue
			}
			services[i].Secrets[name] = ref
		}
	}
	doc.Experiment.Spec.Services = services
	return doc, errors.Join(errs...)
}

// PlaceholderSecrets gives every secret the digest "DIGEST" and reads no value: for a dry run, which works anywhere.
func PlaceholderSecrets(doc v1alpha1.ExperimentDoc) v1alpha1.ExperimentDoc {
	services := slices.Clone(doc.Experiment.Spec.Services)
	for i, s := range services {
		services[i].Secrets = maps.Clone(s.Secrets)
		for name, ref := range s.Secrets {
			ref.Digest = "DIGEST"
			services[i].Secrets[name] = ref
		}
	}
	doc.Experiment.Spec.Services = services
	return doc
}

// Secret reads one value, without the white space around it, such as the end of a file's last line.
func Secret(ref v1alpha1.Secret) (string, error) {
	if ref.Env != "" {
		v := strings.TrimSpace(os.Getenv(ref.Env))
		if v == "" {
			return "", fmt.Errorf("the variable %s is not set here; type: export %s=…, or name a file in the manifest", ref.Env, ref.Env)
		}
		return v, nil
	}
	path := ref.File
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("finding your home directory: %w", err)
		}
		path = filepath.Join(home, rest)
	}
	b, err := safefile.ReadSecret(path, maxSecret)
	if err != nil {
		return "", err
	}
	v := strings.TrimSpace(string(b))
	if v == "" || strings.ContainsAny(v, "\n\x00") {
		return "", fmt.Errorf("%s must hold one line, the secret", path)
	}
	return v, nil
}
