package main

import "time"

// doubles looks for two running jobs of one seat, and for two live ones that stay.
func (s *watch) doubles() {
	all, err := s.w.queue()
	if err != nil {
		return // slurmctld is away
	}
	running, live := map[string][]queued{}, map[string][]queued{}
	for _, q := range all {
		if !q.ours() {
			continue
		}
		s.w.others.ours(q.id)
		seat := q.tag.Seat.String()
		if q.live() {
			live[seat] = append(live[seat], q)
		}
		if q.live() && q.state != "PENDING" && q.state != "CONFIGURING" {
			running[seat] = append(running[seat], q)
		}
	}
	for seat, jobs := range running {
		if len(jobs) > 1 {
			s.j.violated("one live job a seat", seat+jobs[0].id+jobs[1].id, "squeue lists %v as running at once", jobs)
		}
	}
	for seat, jobs := range live {
		if len(jobs) < 2 {
			delete(s.double, seat)
		} else if since, ok := s.double[seat]; !ok {
			s.double[seat] = time.Now()
		} else if time.Since(since) > time.Minute {
			s.j.violated("one live job a seat", seat+jobs[0].id+jobs[1].id, "squeue has listed %v for a minute", jobs)
		}
	}
}

// folders reads the process table, and looks for two servers of one data folder. Those of the same attempt are one after the
// other; of two attempts the younger may begin only when the older has ended.
func (s *watch) folders() {
	servers := map[string]map[string]process{} // seat -> nonce -> one of its servers
	for _, p := range s.w.procs.list() {
		if p.role == "server" && verb(p.argv) == "serve-files" {
			if servers[p.seat] == nil {
				servers[p.seat] = map[string]process{}
			}
			servers[p.seat][p.nonce] = p
		}
	}
	for seat, of := range servers {
		if len(of) < 2 {
			delete(s.both, seat)
		} else if since, ok := s.both[seat]; !ok {
			s.both[seat] = time.Now()
		} else if time.Since(since) > 2*time.Second {
			text := ""
			for _, p := range of {
				text += "; " + p.describe() + " in state " + string(p.state)
			}
			s.j.violated("a data folder has one server", seat+since.String(), "two servers of %s for %.1f s%s", seat, time.Since(since).Seconds(), text)
		}
	}
}
