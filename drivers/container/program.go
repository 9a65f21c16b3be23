package container

import (
	"fmt"
	"os/exec"

	"assay/api/v1alpha1"
)

// Program is where the program of a service is on this machine: the file that changes with its version, and argv as it runs here,
// in its container where the site has them. It is not here when its image was not fetched, or podman keeps it. The paths of the
// site have to be set.
func Program(site v1alpha1.Site, svc v1alpha1.Service, argv []string) (file string, command []string, err error) {
	ref, _ := svc.ImageOf("")
	if ref == "" || !site.Spec.Container.Runs() {
		file, err = exec.LookPath(argv[0])
		return file, argv, err
	}
	image, err := v1alpha1.ParseImage(ref)
	if err != nil {
		return "", nil, err
	}
	name := site.Spec.Container.Runtime
	if name == v1alpha1.RuntimePodman || name == v1alpha1.RuntimePyxis {
		return "", nil, fmt.Errorf("what is in the images of %s is not looked at: %w", name, exec.ErrNotFound)
	}
	if _, err := exec.LookPath(name); err != nil {
		return "", nil, err
	}
	file = File(site, image)
	return file, append([]string{name, "exec", "--cleanenv", file}, argv...), nil
}
