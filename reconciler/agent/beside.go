package agent

import (
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// part is a program without which a server cannot serve: the head of its Ray cluster, the workers, a rank on another node.
type part struct {
	group        *group // nil once it has ended
	reason, name string // of its end
	log          string
}

// parts of one server, in the order in which they are ended. When one of them ends, the server and all others are ended too.
type parts []*part

// begin starts a part here, or through srun on other nodes.
func (p *process) begin(cmd *exec.Cmd, reason, name, log string) error {
	g, err := p.run(cmd, p.logOf(log))
	if err == nil {
		p.parts = append(parts{{g, reason, name, p.logOf(log)}}, p.parts...)
	}
	return err
}

// groups are those that have not ended.
func (ps parts) groups() (out []*group) {
	for _, p := range ps {
		if p.group != nil {
			out = append(out, p.group)
		}
	}
	return out
}

func (ps parts) running() bool { return len(ps.groups()) > 0 }

// watch notices that parts ended, and says which was first: the rest cannot serve the model.
func (ps parts) watch(dir string, now time.Time) (first *fault) {
	for _, p := range ps {
		if p.group == nil {
			continue
		}
		p.group.escalate(now)
		if exit, ended := p.group.poll(); ended {
			p.group = nil
			if first == nil {
				first = &fault{p.reason, fmt.Sprintf("%s died (%s): %s; see %s", p.name, strings.TrimPrefix(ending(exit).message, "it "),
					lastLine(dir+"/"+p.log), p.log)}
			}
		}
	}
	return first
}

func (ps parts) terminate(now time.Time) {
	for _, g := range ps.groups() {
		g.terminateOnce(now, clusterGrace)
	}
}
