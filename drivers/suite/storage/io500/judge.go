package io500

import (
	"math"
	"strconv"
	"strings"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/suite"
	"assay/drivers/suite/storage"
)

// tolerance of printed numbers, which have six decimals.
const tolerance = 1e-4

// judgement is the faults of a result, and the notes that a reader has to know.
type judgement struct{ faults, notes []drivers.Reason }

func (j *judgement) fault(reason, format string, args ...any) {
	j.faults = append(j.faults, suite.NewReason(reason, format, args...))
}

// judge applies every rule to a run that has ended: printed is its output, r its result.txt, and corrupt the lines about
// wrong data in the files of the single phases.
func judge(spec v1alpha1.Storage, printed summary, r record, corrupt []string) judgement {
	var j judgement
	j.processes(spec, printed, r)
	j.complete(printed)
	j.declaredInvalid(printed, r)
	j.longEnough(spec, r)
	j.score(printed, r)
	for _, c := range corrupt {
		j.fault(suite.ReasonCorrupt, "%s", c)
	}
	switch s := spec.Stonewall.Std().Seconds(); {
	case s == scc:
		j.notes = append(j.notes, suite.NewReason(suite.ReasonStudentRules, "a stonewall of 30 s follows the rules of the Student Cluster Competition; the list of io500.org does not accept it"))
	case s < 300:
		j.notes = append(j.notes, suite.NewReason(suite.ReasonShortStonewall, "the stonewall is %s; the list of io500.org accepts no result with less than 5m", spec.Stonewall))
	}
	if spec.Nodes == 1 {
		j.notes = append(j.notes, suite.NewReason(suite.ReasonOneNode, "one node reads its own data, from its page cache as far as that reaches; use two nodes or more"))
	}
	return j
}

// split is what a wrong --mpi looks like.
const split = "runs of io500 were started instead of one: the MPI of the launcher is not the program's; write mpi in the benchmark"

func (j *judgement) processes(spec v1alpha1.Storage, printed summary, r record) {
	want := strconv.Itoa(spec.Nodes * spec.TasksPerNode)
	if n := len(printed.headers); n != 1 {
		j.fault(suite.ReasonSplitRun, "%d %s", n, split)
	} else if got := r.values["run"]["procs"]; got != want {
		j.fault(suite.ReasonSplitRun, "%s processes took part instead of %s: the MPI of the launcher is not the program's; write mpi in the benchmark", got, want)
	}
}

func (j *judgement) complete(printed summary) {
	if n := len(printed.scores); n != 1 {
		j.fault(suite.ReasonIncomplete, "the output holds %d scores instead of one", n)
	}
	count := map[string]int{}
	for _, p := range printed.phases {
		if p.scored && p.Value.Value > 0 && finite(p.Value.Value) {
			count[p.Name]++
		}
	}
	var missing []string
	for _, p := range storage.Phases {
		if count[p.Name] != 1 {
			missing = append(missing, p.Name)
		}
	}
	if len(missing) > 0 {
		j.fault(suite.ReasonIncomplete, "no single result, or none above zero, of %s", strings.Join(missing, ", "))
	}
}

func (j *judgement) declaredInvalid(printed summary, r record) {
	for _, e := range printed.errors {
		j.fault(suite.ReasonInvalid, "io500 says: %s", e)
	}
	if len(printed.errors) == 0 {
		for _, e := range r.errors {
			j.fault(suite.ReasonInvalid, "result.txt says: %s", e)
		}
	}
	for _, p := range printed.phases {
		if p.invalid && p.scored {
			j.fault(suite.ReasonInvalid, "io500 marks %s as invalid", p.Name)
		}
	}
	for _, s := range printed.scores {
		if s.invalid {
			j.fault(suite.ReasonInvalid, "io500 marks the score as invalid")
		}
	}
}

func (j *judgement) longEnough(spec v1alpha1.Storage, r record) {
	for _, p := range storage.Phases {
		if !p.Write {
			continue
		}
		took, err := strconv.ParseFloat(r.values[p.Name]["t_delta"], 64)
		if err != nil {
			j.fault(suite.ReasonIncomplete, "result.txt does not say how long %s took", p.Name)
		} else if took < spec.Stonewall.Std().Seconds() {
			j.fault(suite.ReasonTooShort, "%s took %.1f s, less than the stonewall of %s: raise its size", p.Name, took, spec.Stonewall)
		}
	}
}

func (j *judgement) score(printed summary, r record) {
	switch got := r.values["SCORE"]["hash"]; got {
	case r.hash():
	case "":
		j.fault(suite.ReasonIncomplete, "result.txt ends without a score")
	default:
		j.fault(suite.ReasonWrongScore, "the hash of result.txt is %s, that of its numbers %s: they were changed, or several runs wrote into it", got, r.hash())
	}
	for _, p := range printed.phases {
		if got := r.values[p.Name]["score"]; p.scored && got != "" && number(got) != p.Value.Value {
			j.fault(suite.ReasonWrongScore, "io500 printed %g for %s, but result.txt has %s", p.Value.Value, p.Name, got)
		}
	}
	if len(printed.scores) != 1 {
		return
	}
	m := storage.Metrics(values(printed))
	s := printed.scores[0]
	for _, c := range []struct {
		name string
		got  float64
	}{{"score_bandwidth_gibs", s.bandwidth}, {"score_iops_kiops", s.metadata}, {"score_total", s.total}} {
		if want, ok := m[c.name]; ok && !(math.Abs(c.got-want) <= tolerance*math.Max(1, want)) { // this form makes NaN wrong too
			j.fault(suite.ReasonWrongScore, "io500 printed %g as %s, but its phases give %g", c.got, c.name, want)
		}
	}
}

// values are the scored phases, and the unscored random read.
func values(printed summary) (out []storage.Value) {
	for _, p := range printed.phases {
		if finite(p.Value.Value) && finite(p.Seconds) {
			out = append(out, p.Value)
		}
	}
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
