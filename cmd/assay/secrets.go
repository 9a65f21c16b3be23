package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"assay/api/v1alpha1"
)

// secretsFrom reads every secret that an experiment names, here and now, and gives the values to keep, which returns their
// digests. The manifest that comes back says which value was meant and nothing about it.
func secretsFrom(doc v1alpha1.ExperimentDoc, keep func(value string) (digest string, err error)) (v1alpha1.ExperimentDoc, error) {
	services := slices.Clone(doc.Experiment.Spec.Services)
	var errs []error
	for i, s := range services {
		services[i].Secrets = maps.Clone(s.Secrets)
		for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
			ref := s.Secrets[name]
			value, err := secret(ref)
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

// secret reads one value. What surrounds it in a file, such as the last line's end, is none of it.
func secret(ref v1alpha1.Secret) (string, error) {
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
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others may read %s; type: chmod 600 %s", path, path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	v := strings.TrimSpace(string(b))
	if v == "" || strings.ContainsAny(v, "\n\x00") {
		return "", fmt.Errorf("%s must hold one line, the secret", path)
	}
	return v, nil
}
