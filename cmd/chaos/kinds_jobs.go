package main

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// resume takes a node back, when it is not in use already.
func (w *world) resume(node string) error {
	state, err := w.slurm("sinfo", "-h", "-n", node, "-p", partitionOf(node), "-o", "%T")
	if err != nil {
		return err
	}
	if strings.HasPrefix(state, "idle") || strings.HasPrefix(state, "mixed") || strings.HasPrefix(state, "allocated") {
		if !strings.HasSuffix(state, "*") {
			return nil
		}
	}
	if _, err := w.slurm("scontrol", "update", "NodeName="+node, "State=RESUME"); err != nil && !strings.Contains(err.Error(), "Invalid node state") {
		return err
	}
	return nil
}

func partitionOf(node string) string {
	if node == foreignNode {
		return "others"
	}
	return "cpu"
}

func nodeState(state string) func(*world, fault) (hit, error) {
	return func(w *world, f fault) (hit, error) {
		_, err := w.slurm("scontrol", "update", "NodeName="+f.node, "State="+strings.ToUpper(state), "Reason=chaos")
		return hit{undo: func() error { return w.resume(f.node) }}, err
	}
}

func partitionDown(w *world, f fault) (hit, error) {
	set := func(state string) error {
		for _, p := range []string{"cpu", "gpu"} {
			if _, err := w.slurm("scontrol", "update", "PartitionName="+p, "State="+state); err != nil {
				return err
			}
		}
		return nil
	}
	h := hit{undo: func() error { return set("UP") }}
	if err := set("DOWN"); err != nil {
		return h, err
	}
	cancelled, err := jobCancel(w, f)
	h.note, h.services = cancelled.note, cancelled.services
	return h, ignoreNothing(err)
}

// job chooses a job of ours in that state.
func (w *world) job(f fault, state string) (queued, error) {
	all, err := w.queue()
	if err != nil {
		return queued{}, err
	}
	var of []queued
	for _, q := range all {
		if q.ours() && q.state == state {
			of = append(of, q)
		}
	}
	return pick(f, of)
}

// onJob does something to a running job of ours, and undo, if there is one, in the end.
func onJob(do, undo func(w *world, id string) error) func(*world, fault) (hit, error) {
	return func(w *world, f fault) (hit, error) {
		q, err := w.job(f, "RUNNING")
		if err != nil {
			return hit{}, err
		}
		h := hit{note: q.String(), services: servicesOf(q.place())}
		if undo != nil {
			h.undo = func() error { return undo(w, q.id) }
		}
		w.others.broken(q.id)
		return h, do(w, q.id)
	}
}

// scontrol does something to a job. In between, another job may have got the id.
func scontrol(words ...string) func(*world, string) error {
	return func(w *world, id string) error {
		w.others.broken(id)
		_, err := w.slurm("scontrol", append(words, id)...)
		if err != nil && (strings.Contains(err.Error(), "Invalid job id") || strings.Contains(err.Error(), "already finished") || strings.Contains(err.Error(), "not pending nor running")) {
			return nil // it has ended meanwhile
		}
		return err
	}
}

func jobCancel(w *world, f fault) (hit, error) {
	return onJob(func(w *world, id string) error { _, err := w.slurm("scancel", id); return err }, nil)(w, f)
}

func jobSignal(w *world, f fault) (hit, error) {
	return onJob(func(w *world, id string) error {
		_, err := w.slurm("scancel", "--signal=KILL", "--full", id)
		return err
	}, nil)(w, f)
}

// requeueable: our jobs are submitted with --no-requeue, which an administrator can change.
func requeueable(w *world, id string) error {
	_, err := w.slurm("scontrol", "update", "JobId="+id, "Requeue=1")
	return err
}

func jobRequeue(w *world, f fault) (hit, error) {
	return onJob(func(w *world, id string) error {
		if err := requeueable(w, id); err != nil {
			return err
		}
		return scontrol("requeue")(w, id)
	}, nil)(w, f)
}

func jobRequeueHold(w *world, f fault) (hit, error) {
	return onJob(func(w *world, id string) error {
		if err := requeueable(w, id); err != nil {
			return err
		}
		return scontrol("requeuehold")(w, id)
	}, scontrol("release"))(w, f)
}

// jobHold cancels a job and holds what takes its place, if it is still pending when it is seen.
func jobHold(w *world, f fault) (hit, error) {
	h, err := partitionDown(w, f)
	if err != nil {
		return h, err
	}
	up := h.undo
	var held []string
	for end := time.Now().Add(6 * time.Second); time.Now().Before(end) && len(held) == 0; time.Sleep(200 * time.Millisecond) {
		if q, err := w.job(f, "PENDING"); err == nil && scontrol("hold")(w, q.id) == nil {
			held = append(held, q.id)
		}
	}
	h.note += fmt.Sprintf("; held %v", held)
	err = up()
	h.undo = func() error {
		for _, id := range held {
			if err := scontrol("release")(w, id); err != nil {
				return err
			}
		}
		return up()
	}
	return h, err
}

func jobSuspend(w *world, f fault) (hit, error) {
	return onJob(scontrol("suspend"), func(w *world, id string) error {
		err := scontrol("resume")(w, id)
		if err != nil && strings.Contains(err.Error(), "Job/step already") {
			return nil
		}
		return err
	})(w, f)
}

func jobShorten(w *world, f fault) (hit, error) {
	return onJob(func(w *world, id string) error {
		_, err := w.slurm("scontrol", "update", "JobId="+id, "TimeLimit=1")
		return err
	}, nil)(w, f)
}

// free lets go of jobs of ours that are still held or suspended.
func (w *world) free() error {
	all, err := w.queue()
	if err != nil {
		return err
	}
	for _, q := range all {
		switch {
		case !q.ours():
		case q.state == "SUSPENDED":
			err = errors.Join(err, scontrol("resume")(w, q.id))
		case strings.HasPrefix(q.reason, "JobHeld"):
			err = errors.Join(err, scontrol("release")(w, q.id))
		}
	}
	return err
}
