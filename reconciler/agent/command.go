package agent

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"assay/drivers"
	"assay/drivers/safefile"
)

// run starts a command of the process, its secrets kept out of the log.
func (p *process) run(cmd *exec.Cmd, log string) (*group, error) {
	secrets, err := p.secrets()
	if err != nil {
		return nil, err
	}
	values := p.a.learn(p.generated()...)
	for _, v := range secrets {
		values = append(values, v)
	}
	cleanup, err := p.expandAll(p.want.Cleanup)
	if err != nil {
		return nil, err
	}
	return p.a.startGroup(cmd, filepath.Join(p.a.dir, log), cleanup, values...)
}

// generated are the files of the passwords that were made for the process.
func (p *process) generated() (files []string) {
	for _, name := range p.want.Generate {
		files = append(files, filepath.Join(p.want.Data, name))
	}
	return files
}

// command is argv with its words expanded, in the process' environment.
func (p *process) command(argv []string) (*exec.Cmd, error) {
	words, err := p.expandAll(argv)
	if err != nil {
		return nil, err
	}
	if words[0] == p.a.o.Binary {
		if err := safefile.Program(words[0]); err != nil {
			return nil, err
		}
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = p.a.dir
	if cmd.Env, err = p.environment(); err != nil {
		return nil, err
	}
	return cmd, cmd.Err
}

func (p *process) log() string { return p.logOf("") }

// logOf is the log of a part of the process.
func (p *process) logOf(part string) string {
	return filepath.Join(drivers.LogDir, fmt.Sprintf("%s%s.%s.log", p.want.Name, part, p.a.o.JobID))
}
