package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"assay/drivers/durable"
)

// Here is the name of this machine among contexts: verbs run where they are typed.
const Here = "local"

// Context is a site that is reached by ssh.
type Context struct {
	Name   string `json:"name"`
	Host   string `json:"host"`             // as ssh takes it: a name of ssh_config, too
	User   string `json:"user,omitempty"`   // empty: as ssh_config says
	Port   int    `json:"port,omitempty"`   // 0: as ssh_config says
	State  string `json:"state,omitempty"`  // state directory there; empty: as the site says
	Binary string `json:"binary,omitempty"` // assay for the machines there; empty: the program that runs
}

var (
	contextName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)
	// plainName is what a host or user can be: nothing that ssh, or a shell into which it is pasted, reads as something else.
	plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._:-]*$`)
)

// Check refuses what is no name of a context, no host or no user.
func (c Context) Check() error {
	switch {
	case !contextName.MatchString(c.Name):
		return fmt.Errorf("%q is no name for a context: use small letters, digits and -, as in meluxina", c.Name)
	case c.Name == Here:
		return fmt.Errorf("%s is this machine; choose another name", Here)
	case !plainName.MatchString(c.Host):
		return fmt.Errorf("%q is no host; type: --ssh HOST or --ssh USER@HOST, as after ssh", c.Host)
	case c.User != "" && !plainName.MatchString(c.User):
		return fmt.Errorf("%q is no user; type: --ssh USER@HOST", c.User)
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("%d is no port", c.Port)
	case c.Binary != "" && !filepath.IsAbs(c.Binary):
		return fmt.Errorf("%s is no absolute path", c.Binary)
	}
	return nil
}

// Address is [USER@]HOST[:PORT], for people.
func (c Context) Address() string {
	s := c.Host
	if c.User != "" {
		s = c.User + "@" + s
	}
	if c.Port != 0 {
		s = fmt.Sprintf("%s:%d", s, c.Port)
	}
	return s
}

// Contexts are files of a folder: NAME.json each, and current, which holds a name.
type Contexts struct{ Dir string }

func (s Contexts) path(name string) string { return filepath.Join(s.Dir, name+".json") }

const maxCurrent = 1 << 10

// Add keeps a context. One of its name must not be there.
func (s Contexts) Add(c Context) error {
	if err := c.Check(); err != nil {
		return err
	}
	var w durable.Writer
	if err := w.MkdirAll(s.Dir); err != nil {
		return err
	}
	err := w.CreateRecord(s.path(c.Name), c, nil)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("there is a context %s already; remove it first: assay context delete %[1]s", c.Name)
	}
	return err
}

// Get reads a context.
func (s Contexts) Get(name string) (Context, error) {
	var c Context
	if !contextName.MatchString(name) {
		return c, fmt.Errorf("%q is no name of a context; what there is: assay context list", name)
	}
	err := durable.ReadRecord(s.path(name), &c)
	if errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("no context %q; what there is: assay context list", name)
	}
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return c, fmt.Errorf("reading context %s: %w", name, err)
	}
	return c, nil
}

// All reads every context, in the order of their names.
func (s Contexts) All() ([]Context, error) {
	names, err := durable.Names(s.Dir)
	if err != nil {
		return nil, fmt.Errorf("reading the contexts: %w", err)
	}
	var all []Context
	for _, file := range names {
		if name, ok := strings.CutSuffix(file, ".json"); ok {
			c, err := s.Get(name)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// Current is the context that verbs use when none is named; Here unless Use chose another one.
func (s Contexts) Current() (string, error) {
	b, err := durable.Read(filepath.Join(s.Dir, "current"), maxCurrent)
	if errors.Is(err, fs.ErrNotExist) {
		return Here, nil
	}
	if err != nil {
		return "", fmt.Errorf("reading which context is current: %w; choose one: assay context use NAME", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// Chosen is the context of a name, the current one where that is empty; false: verbs run on this machine.
func (s Contexts) Chosen(name string) (c Context, away bool, err error) {
	if name == "" {
		name, err = s.Current()
	}
	if err != nil || name == Here {
		return c, false, err
	}
	c, err = s.Get(name)
	return c, true, err
}

// Use makes a context the current one; Here is this machine.
func (s Contexts) Use(name string) error {
	if name != Here {
		if _, err := s.Get(name); err != nil {
			return err
		}
	}
	var w durable.Writer
	if err := w.MkdirAll(s.Dir); err != nil {
		return err
	}
	return w.Replace(filepath.Join(s.Dir, "current"), []byte(name+"\n"), nil)
}

// Delete forgets a context. When it was the current one, this machine is from now on.
func (s Contexts) Delete(name string) error {
	current, err := s.Current()
	if err == nil && current == name {
		err = s.Use(Here)
	}
	if err != nil {
		return err
	}
	return durable.Writer{}.Remove(s.path(name))
}
