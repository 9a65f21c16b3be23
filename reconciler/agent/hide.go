package agent

import (
	"assay/drivers"
	"assay/drivers/durable"
	"assay/reconciler/plain"
	"assay/reconciler/redact"
)

const (
	mostModels   = 64  // that are reported of a server
	longestModel = 512 // bytes of a model's name
)

// hidden is a state without the job's secrets, and without controls of a terminal, in what servers and programs said.
func (a *agent) hidden(s drivers.AgentState) drivers.AgentState {
	s = redact.Messages(s, a.secrets.Message)
	for i, p := range s.Processes {
		s.Processes[i].Models = a.models(p.Models)
	}
	return s
}

// models are the names that a server lists, as far as they can be names.
func (a *agent) models(names []string) (out []string) {
	for _, name := range names {
		if len(name) <= longestModel && len(out) < mostModels && plain.Line(name) == name && a.secrets.Message(name) == name {
			out = append(out, name)
		}
	}
	return out
}

// learn reads secrets from files, as far as they are there, and returns their values.
func (a *agent) learn(files ...string) (values []string) {
	for _, path := range files {
		if b, err := durable.Read(path, maxSecret); err == nil {
			values = append(values, trimmed(b))
		}
	}
	a.secrets.Learn(values...)
	return values
}
