package plan

import (
	"fmt"
	"slices"
	"strings"

	"assay/drivers"
)

// What differs from one start of a server to the next (placement, memory, compilation, caches) is in no run of one start. So
// a benchmark can ask for several deployments: after the runs of one have ended, its target starts anew inside the jobs that
// it holds, and the runs of the next one begin. Which deployment is due follows from the runs that have ended; it is never
// raised while a run is active, and never goes back. It is part of the fingerprint that the agent is told, so that the
// restart is the one of a changed process, and of no key: a run counts whichever start it measured, and says which.

// deploy gives the services that have been deployed again, or are now, the fingerprint of that deployment.
func (x *experiment) deploy() {
	if !x.deploys {
		return
	}
	due := x.due()
	x.serves, x.Services = due, slices.Clone(x.Services)
	for i := range x.Services {
		s := &x.Services[i]
		if n := due[s.Name]; n > 1 {
			s.Processes = slices.Clone(s.Processes)
			for k := range s.Processes {
				s.Processes[k].Fingerprint = fmt.Sprintf("%s%s%d", s.Processes[k].Fingerprint, deploymentMark, n)
			}
		}
	}
}

// deploymentMark separates a fingerprint from the number of the deployment. It is in no fingerprint.
const deploymentMark = "."

// due is the deployment of each target that is to be served now: the highest that any of its runs has begun or, while none
// is active, that of the next run.
func (x *experiment) due() map[string]int {
	due, block, next := map[string]int{}, x.block(x.point), 0
	for i := range x.wants {
		want := &x.wants[i]
		switch {
		case want.block != block:
		case x.ended(want.key) || x.underWay(want.key):
			due[want.Target] = max(due[want.Target], want.deployment)
		case next == 0:
			next = want.deployment
		}
	}
	if next == 0 || slices.ContainsFunc(x.runs, active) {
		return due
	}
	for i := range x.wants { // all targets whose runs go on there, so that they start together
		if want := &x.wants[i]; want.block == block && want.deployment == next && !x.ended(want.key) {
			due[want.Target] = max(due[want.Target], next)
		}
	}
	return due
}

// keepDeployments leaves every server on the deployment that it was told while a run is active, whatever a new revision has of
// runs that ended on others.
func (x *experiment) keepDeployments() {
	if !x.deploys || !slices.ContainsFunc(x.runs, active) {
		return
	}
	for _, s := range x.services {
		s.Processes = slices.Clone(s.Processes)
		for k := range s.Processes {
			p := &s.Processes[k]
			for _, replica := range s.replicas {
				i := slices.IndexFunc(replica.agent.Desired.Processes, func(told drivers.Process) bool { return told.Name == p.Name })
				if i >= 0 && undeployed(replica.agent.Desired.Processes[i].Fingerprint) == undeployed(p.Fingerprint) {
					p.Fingerprint = replica.agent.Desired.Processes[i].Fingerprint
				}
			}
		}
	}
}

// undeployed is a fingerprint without the number of a deployment.
func undeployed(fingerprint string) string {
	of, _, _ := strings.Cut(fingerprint, deploymentMark)
	return of
}

// block is the block of a point; -1 when nothing is wanted there.
func (x *experiment) block(point int) int {
	for i := range x.wants {
		if x.wants[i].point == point {
			return x.wants[i].block
		}
	}
	return -1
}

// deployment names what a run measures: of each replica the attempt, which of its deployments, how often its processes were
// started again, and their highest process id. It is empty where assay does not run the server.
func (s *service) deployment() string {
	var out []string
	for _, replica := range s.replicas {
		number, restarts, pid := "1", 0, 0
		for _, p := range replica.procs {
			restarts, pid = restarts+p.Restarts, max(pid, p.PID)
			if _, n, again := strings.Cut(p.Fingerprint, deploymentMark); again {
				number = n
			}
		}
		out = append(out, fmt.Sprintf("%s/%s/%d/%d", replica.attempt.Nonce, number, restarts, pid))
	}
	return strings.Join(out, "+")
}

// redeployed says that an instruction starts a process anew for another deployment; no cause when something else changed.
func redeployed(old string, p drivers.Process) cause {
	is, n, again := strings.Cut(p.Fingerprint, deploymentMark)
	if !again || undeployed(old) != is || old == p.Fingerprint {
		return cause{}
	}
	return cause{Redeployed, fmt.Sprintf("the runs of deployment %s begin: the server starts anew inside its allocation", n)}
}
