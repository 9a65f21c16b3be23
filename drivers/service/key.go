package service

import (
	"assay/api/v1alpha1"
	"assay/drivers"
)

// serverPort names the port of a server that stands behind a door.
const serverPort = "server"

// keyed reports whether clients of a model server or of a vector database need a key. A revision that an older assay
// accepted says nothing: it has the key that its secrets give, and else none, so that its server goes on as it is.
func keyed(svc v1alpha1.Service) bool {
	_, vllm := svc.Secrets[v1alpha1.VLLMKey]
	_, chroma := svc.Secrets[v1alpha1.ChromaKey]
	return svc.Auth == v1alpha1.AuthKey || svc.VLLM != nil && vllm || svc.Chroma != nil && chroma
}

// listens is where a server listens: behind a door that asks for the key in variable, when it has one.
func listens(p *drivers.Process, key bool, variable string) (host, port string) {
	if !key {
		return "$(HOST)", "$(PORT)"
	}
	p.Token, p.Door = variable, &drivers.Door{Port: serverPort}
	return "127.0.0.1", "$(PORT:" + serverPort + ")"
}

// exposed says what others can do to a service. Where a job has its nodes whole nobody else is on them.
func exposed(site v1alpha1.Site, svc v1alpha1.Service) drivers.Exposed {
	switch {
	case svc.VLLM != nil && svc.VLLM.Insecure && or(svc.Nodes, 1) > 1 && svc.VLLM.Simulate == nil:
		return drivers.Exposed{Reason: drivers.ReasonInsecureRay, Message: "vllm.insecure is set: with a Ray older than 2.52, every user of the cluster can run programs as you"}
	case !svc.Serves() && svc.Chroma == nil:
		return drivers.Exposed{}
	case !keyed(svc):
		return drivers.Exposed{Reason: drivers.ExposedNoKey, Message: "anybody who reaches the node's ports can use it without a key"}
	case ranked(svc):
		return drivers.Exposed{Reason: drivers.ExposedRanks, Message: "its nodes talk to each other without a key, as this server does: whoever reaches their ports can disturb it or run programs as you"}
	case (svc.Chroma != nil || svc.SGLang != nil) && !site.Spec.WholeNodes:
		return drivers.Exposed{Reason: drivers.ExposedOnNode, Message: "it asks for its key on the network, but other users of its node reach it without: the server behind the door asks nobody"}
	}
	return drivers.Exposed{}
}

// ranked reports whether a server may run on several nodes without Ray, which alone asks for a token.
func ranked(svc v1alpha1.Service) bool {
	if or(svc.Nodes, 1) < 2 {
		return false
	}
	return svc.SGLang != nil || svc.VLLM != nil && svc.VLLM.Simulate == nil && (svc.VLLM.Backend == v1alpha1.BackendMP || svc.VLLM.Backend == v1alpha1.BackendAuto)
}

// ownKeys gives a process the keys that assay makes itself: its token, unless the manifest's secrets have it, and that of its Ray.
func ownKeys(site v1alpha1.Site, e v1alpha1.Experiment, svc v1alpha1.Service, p *drivers.Process) {
	var names []string
	if p.Token != "" {
		names = append(names, p.Token)
	}
	if p.Cluster != nil {
		names = append(names, rayToken)
	}
	for _, name := range names {
		if p.Secrets == nil {
			p.Secrets = map[string]string{}
		}
		if p.Secrets[name] == "" {
			p.Secrets[name] = drivers.KeyFile(site.Spec.Paths.State, e.Metadata.Name, svc.Name, name)
		}
	}
}
