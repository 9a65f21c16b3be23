package doctor

import (
	"context"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers/bounded"
)

// commands are all of Slurm's that assay uses.
var commands = append([]string{"sinfo", "sacct", "sacctmgr"}, needed...)

// askSlurm asks Slurm's commands, its controller, its accounting and munge.
func askSlurm(ctx context.Context) (s Slurm) {
	for _, name := range commands {
		if _, err := exec.LookPath(name); err != nil {
			s.Missing = append(s.Missing, name)
		}
	}
	version, _ := ask(ctx, "sbatch", "--version")
	s.Client = strings.TrimPrefix(strings.TrimPrefix(version.Text, "slurm-wlm "), "slurm ")
	var text string
	s.Config, text = ask(ctx, "scontrol", "show", "config")
	for l := range strings.Lines(text) {
		key, value, _ := strings.Cut(l, "=")
		to := map[string]*string{"SLURM_VERSION": &s.Controller, "AccountingStorageType": &s.Storage, "AuthType": &s.AuthType}[strings.TrimSpace(key)]
		if to != nil {
			*to = strings.TrimSpace(value)
		}
	}
	if strings.HasSuffix(s.Storage, "/slurmdbd") {
		s.Accounting, _ = ask(ctx, "sacctmgr", "--noheader", "--parsable2", "--readonly", "show", "cluster", "format=Cluster")
	}
	s.Munge, _ = ask(ctx, "munge", "--no-input", "--output=/dev/null")
	return s
}

// prometheus asks a Prometheus for its version.
func prometheus(ctx context.Context, url string) Answer {
	began := time.Now()
	a := Answer{Asked: true}
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(url, "/")+"/api/v1/query?query=1", nil)
	if err != nil {
		a.Text = err.Error()
		return a
	}
	c := bounded.Client(bounded.Options{Limit: maxOutput})
	defer c.CloseIdleConnections()
	res, err := c.Do(req)
	if err != nil {
		a.Text = line(err.Error())
		return a
	}
	defer res.Body.Close()
	a.OK, a.Text, a.Took = res.StatusCode == http.StatusOK, "it says "+res.Status, time.Since(began)
	return a
}

// ssh asks the login host for nothing, without ever asking the user.
func ssh(ctx context.Context, l v1alpha1.SiteLogin) Answer {
	args := []string{"-o", "BatchMode=yes", "-o", "ConnectTimeout=10"}
	if l.Port != 0 {
		args = append(args, "-p", strconv.Itoa(l.Port))
	}
	if l.User != "" {
		args = append(args, "-l", l.User)
	}
	a, _ := ask(ctx, "ssh", append(args, "--", l.Host, "true")...)
	return a
}
