package site

import (
	"fmt"
	"os/exec"
	"strings"

	"assay/api/v1alpha1"
)

// NameOf makes the name of a site of a cluster's: a DNS label that is not "local".
func NameOf(cluster string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(cluster) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			b.WriteRune(r)
		} else {
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String()[:min(b.Len(), 63)], "-")
	if name == "" || name == Local {
		return "cluster"
	}
	return name
}

// Unknown are notes on what no scheduler knows of a site, each with how to find it out.
func Unknown(s v1alpha1.Site) []Note {
	notes := []Note{
		{"paths", "", "not known to Slurm. paths: {state: DIR, work: DIR}, two folders on a file system that login and compute nodes share, such as your project's; " +
			"without them it is ~/.local/state/assay/" + s.Metadata.Name + ". `assay doctor` looks at them from here and from a node"},
		{"container", "", "not known to Slurm. container: {runtime: apptainer, images: DIR}; " + runtimes() + ". On a node: `assay doctor`"},
		{"modules", "", "not known to Slurm. modules: [NAME/VERSION], those that a job needs, such as that of the container runtime; type: module avail"},
		{"sbatch", "", "options that the site asks for in every job, from its documentation: sbatch: [\"--hint=nomultithread\"]"},
		{"login", "", "only for the way in from outside. login: {host: HOST}, the name of a login node"},
		{"prometheus", "", "only where the site has one that you may ask. prometheus: {url: URL}; without it assay runs its own"},
	}
	if s.Spec.QOS == nil {
		notes = append(notes, Note{"qos", "", "to have limits checked before submission, write those of the site's documentation: qos: {NAME: {maxTime: 48h, maxNodes: 10, maxJobsPerUser: 4}}"})
	}
	if s.Spec.Account == "" && s.Spec.Accounts != nil {
		notes = append(notes, Note{"account", "", "you have no default account; choose one of accounts: account: NAME"})
	}
	if s.Spec.Defaults.Partition == "" {
		notes = append(notes, Note{"defaults", "", "the cluster has no default partition that is open to you. defaults: {partition: NAME}"})
	}
	return notes
}

// runtimes says which container runtimes are on PATH here.
func runtimes() string {
	var found []string
	for _, name := range []string{v1alpha1.RuntimeApptainer, v1alpha1.RuntimeSingularity, v1alpha1.RuntimePodman} {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	if _, err := exec.LookPath("enroot"); err == nil {
		found = append(found, "enroot (pyxis, if srun --help tells of --container-image)")
	}
	if len(found) == 0 {
		return "on this host there is none on PATH, which says little of the nodes"
	}
	return fmt.Sprintf("on this host there is %s", strings.Join(found, " and "))
}
