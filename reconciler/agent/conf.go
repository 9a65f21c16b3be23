package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay/drivers"
	"assay/drivers/bounded"
	"assay/drivers/durable"
	"assay/drivers/safefile"
)

const (
	confDir       = "conf" // of the job directory: a folder a process
	reloadTimeout = 10 * time.Second
	reloadAgain   = 10 * time.Second
	filesAgain    = 2 * time.Second // after files could not be written
)

// conf is the folder that holds a process' files.
func (p *process) conf() string { return filepath.Join(p.a.dir, confDir, p.want.Name) }

// prepare makes everything that a process finds on disk when it starts.
func (p *process) prepare() error {
	if p.want.Data != "" {
		if err := makeData(p.want.Data, p.want.Owner); err != nil {
			return fmt.Errorf("making its data directory: %w", err)
		}
	}
	for _, name := range p.want.Generate {
		if err := makeOnce(filepath.Join(p.want.Data, name), newPassword); err != nil {
			return fmt.Errorf("making its password %s: %w", name, err)
		}
	}
	if err := p.makeCredentials(); err != nil {
		return err
	}
	if p.want.Dashboards != "" {
		if err := p.dashboards(filepath.Join(p.conf(), p.want.Dashboards)); err != nil {
			return fmt.Errorf("writing its dashboards: %w", err)
		}
	}
	_, err := p.writeFiles()
	return err
}

// makeData makes a directory EXPERIMENT/SERVICE/SLOT in paths.work with a marker in it: assay removes only directories that it made
// itself. A directory that exists stays as it is, unless its marker names another state directory: that one's service may run in it.
// In a paths.work that all can write, another user can have been faster with each of the three: he could exchange what is in his.
func makeData(dir, owner string) error {
	name := filepath.Dir(dir)
	experiment := filepath.Dir(name)
	if err := os.MkdirAll(filepath.Dir(experiment), 0o700); err != nil {
		return err
	}
	for _, above := range []string{experiment, name} {
		if err := ownFolder(above); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	err := ownFolder(dir)
	if errors.Is(err, fs.ErrExist) {
		return foreignData(dir, owner)
	}
	if err != nil || owner == "" {
		return err
	}
	return durable.Writer{}.CreateRecord(filepath.Join(dir, markerFile), dataMark{owner}, nil)
}

// ownFolder makes a folder. One of this user's that is there already is fs.ErrExist.
func ownFolder(dir string) error {
	err := os.Mkdir(dir, 0o700)
	if errors.Is(err, fs.ErrExist) {
		if bad := safefile.Mine(dir); bad != nil {
			return bad
		}
	}
	return err
}

const markerFile = ".assay"

type dataMark struct {
	Owner string `json:"owner"` // the store's id and experiment/service
}

// foreignData is an error when a data directory was made for a service of another state directory. One without a readable
// marker is the user's own.
func foreignData(dir, owner string) error {
	path := filepath.Join(dir, markerFile)
	mark, err := durable.OptionalRecord[dataMark](path)
	if errors.Is(err, durable.ErrForeign) {
		return err
	}
	if err != nil || mark == nil || owner == "" {
		return nil
	}
	theirs, _, _ := strings.Cut(mark.Owner, " ")
	ours, _, _ := strings.Cut(owner, " ")
	if theirs == ours {
		return nil
	}
	return fmt.Errorf("%s holds the data of %s of another state directory (id %s); give this site a paths.work of its own, or, once nothing else uses that data, type: rm %s",
		dir, strings.TrimPrefix(mark.Owner, theirs+" "), theirs, path)
}

// dashboards copies the dashboards that this assay carries.
func (p *process) dashboards(dir string) error {
	if p.a.o.Dashboards == nil {
		return errors.New("this assay carries none")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	names, err := fs.Glob(p.a.o.Dashboards, "*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		b, err := fs.ReadFile(p.a.o.Dashboards, name)
		if err == nil {
			_, err = replaceFile(filepath.Join(dir, name), b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeFiles brings the process' files up to date and reports whether a file changed that the program does not watch itself.
func (p *process) writeFiles() (changed bool, err error) {
	layout := p.a.layout // expanding can allocate a port, after which all is written once more
	for _, f := range p.want.Files {
		content, err := p.expandPrivate(f.Content)
		if err != nil {
			return changed, err
		}
		path := filepath.Join(p.conf(), filepath.Clean("/"+f.Path))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return changed, fmt.Errorf("writing %s: %w", f.Path, err)
		}
		wrote, err := replaceFile(path, []byte(content))
		if err != nil {
			return changed, fmt.Errorf("writing %s: %w", f.Path, err)
		}
		changed = changed || wrote && f.Path != p.want.Targets && f.Path != p.want.Upstreams // programs watch these
	}
	p.filed, p.fileAgain = layout, time.Time{}
	return changed, nil
}

// replaceFile writes a file whole, 0600, unless it holds b already.
func replaceFile(path string, b []byte) (wrote bool, err error) {
	if old, err := durable.Read(path, int64(len(b))); err == nil && bytes.Equal(old, b) {
		return false, nil
	}
	err = durable.Writer{}.Replace(path, b, nil)
	return err == nil, err
}

// refresh keeps the files of a running process up to date, and has them read again. They can only change with desired.json
// and with ports.
func (p *process) refresh(now time.Time) {
	var changed bool
	var err error
	if p.filed != p.a.layout && !now.Before(p.fileAgain) {
		p.fileAgain = now.Add(filesAgain) // unless it works
		changed, err = p.writeFiles()
	}
	switch {
	case err != nil:
		p.note = err.Error()
		return
	case changed && p.want.Reload == "":
		const why = "its files changed, and it reads them only when it starts"
		p.happen("FilesChanged", why)
		p.stop(now, "FilesChanged", why)
		return
	case changed:
		p.reloadDue, p.note = now, ""
	}
	if p.reloadDue.IsZero() || now.Before(p.reloadDue) || p.phase != drivers.PhaseReady {
		return
	}
	p.reloadDue = now.Add(reloadAgain) // unless it works
	url, password := p.local(p.port)+p.want.Reload, p.password
	go func() { p.reloaded <- reload(url, password) }()
}

// takeReload takes the outcome of a reload, if there is one.
func (p *process) takeReload() {
	select {
	case err := <-p.reloaded:
		if err != nil {
			p.note = "its changed configuration was refused, the one before holds: " + err.Error()
			return
		}
		p.reloadDue, p.note = time.Time{}, ""
	default:
	}
}

// reloader asks a server of this node; an answer that it does not read can be of any size.
var reloader = bounded.Client(bounded.Options{})

// reload has a program read its configuration again, as PasswordUser unless there is no password.
func reload(url, password string) error {
	ctx, cancel := context.WithTimeout(context.Background(), reloadTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return err
	}
	if password != "" {
		req.SetBasicAuth(drivers.PasswordUser, password)
	}
	res, err := reloader.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		b, _ := io.ReadAll(io.LimitReader(res.Body, 500)) // the status alone is a reason too
		return fmt.Errorf("%s: %s", res.Status, bytes.TrimSpace(b))
	}
	return nil
}
