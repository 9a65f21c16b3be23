package fake

import (
	"errors"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/durable"
)

// RunFaults are shares of runs: those that lose something that they need, and those whose result is not valid. Which runs
// it hits follows from their ids.
type RunFaults struct{ Lose, Spoil float64 }

// SetRunFaults sets them from now on.
func (c *Cluster) SetRunFaults(f RunFaults) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runFaults = f
}

type run struct {
	state     drivers.RunState
	done      time.Time
	endpoints []string
	req       drivers.SuiteRequest
}

// run moves one run on: claim, execute, write the result. A run that is already claimed or has a result is left alone.
func (c *Cluster) run(j *job, r drivers.Run) *run {
	a := &j.agent
	s := a.runs[r.ID]
	if s == nil {
		s = &run{state: drivers.RunState{ID: r.ID, Phase: "Running"}, done: c.now.Add(c.o.RunTime)}
		a.runs[r.ID] = s
		switch {
		case exists(filepath.Join(r.Dir, drivers.ResultFile)):
			s.state.Phase = "Complete"
		case r.Cancel:
			s.state.Phase = "Superseded"
		default:
			c.claim(j, r, s)
		}
	}
	switch {
	case s.state.Phase != "Running":
	case r.Cancel:
		s.state.Phase = "Superseded"
	case !c.now.Before(s.done):
		c.conclude(r, s)
	}
	return s
}

// claim begins a run: it takes the addresses that the request names now.
func (c *Cluster) claim(j *job, r drivers.Run, s *run) {
	claim := drivers.Claim{Nonce: j.Tag.Nonce, JobID: string(j.ID), Node: j.Nodes[0]}
	if err := disk.CreateRecord(filepath.Join(r.Dir, drivers.ClaimFile), claim, nil); err != nil {
		s.state.Phase, s.state.Message, s.state.Reason = "Failed", err.Error(), drivers.LostClaim
		return
	}
	var req drivers.SuiteRequest
	err := durable.ReadRecord(filepath.Join(r.Dir, drivers.RequestFile), &req)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a test's run without a request measures nothing
		s.state.Phase, s.state.Message = "Failed", err.Error()
		return
	}
	s.endpoints, s.req = req.Endpoints, req
	c.ledger.measure(c, j, r.ID, req)
}

// conclude ends a run. One whose target does not answer any more has lost it.
func (c *Cluster) conclude(r drivers.Run, s *run) {
	lost, share := "", chance(r.ID)
	switch {
	case !c.reaches(s.endpoints):
		lost = drivers.LostTarget
	case share < c.runFaults.Lose:
		lost = drivers.Losses[int(share*1000)%len(drivers.Losses)]
	}
	if lost != "" && share*10 != float64(int(share*10)) && int(share*100)%2 == 0 { // half of them leave no result
		s.state.Phase, s.state.Reason, s.state.Message = "Failed", lost, "it lost what it needs"
		return
	}
	res := drivers.SuiteResult{
		Run: r.ID, Started: s.done.Add(-c.o.RunTime), Ended: s.done, Simulated: true, Valid: 1-share >= c.runFaults.Spoil,
		Metrics: map[string]float64{"completed": 1}, Objective: objective(s.req),
	}
	switch {
	case lost != "":
		res.Valid, res.Error, res.Lost = false, "it lost what it needs", lost
		s.state.Phase, s.state.Reason, s.state.Message = "Failed", lost, res.Error
	case res.Valid:
		c.ledger.results[r.ID]++
		s.state.Phase = "Complete"
	default:
		res.Reasons = []drivers.Reason{{Reason: "ErrorRate", Message: "too many errors"}}
		s.state.Phase = "Complete"
	}
	if err := disk.ReplaceRecord(filepath.Join(r.Dir, drivers.ResultFile), res, nil); err != nil {
		s.state.Phase, s.state.Message = "Failed", err.Error()
	}
}

// reaches reports whether all servers answer. Those outside the cluster always do.
func (c *Cluster) reaches(endpoints []string) bool {
	for _, url := range endpoints {
		if !strings.HasPrefix(url, "http://elsewhere") && c.serverAt(url) == nil {
			return false
		}
	}
	return true
}

// chance is a number in [0, 1) that follows from a run's id.
func chance(id string) float64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // never fails
	return float64(h.Sum32()) / (1 << 32)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Capacity is how many requests at a time the servers take: of a search's run beyond it only half keep the objective.
const Capacity = 12

// objective is what a run of a search finds; nil for others.
func objective(req drivers.SuiteRequest) *drivers.Objective {
	if len(req.Objective) == 0 {
		return nil
	}
	good := 1000
	if req.Serving.Concurrency > Capacity {
		good = 500
	}
	return &drivers.Objective{Parts: []drivers.Kept{{Part: v1alpha1.GoodputPart, Good: good, Of: 1000, Effective: 1000}}}
}
