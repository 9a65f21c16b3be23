package review

import (
	"encoding/xml"

	"assay/reconciler/gate"
	"assay/reconciler/plain"
)

// The parts of a JUnit report that GitLab, GitHub's actions and Jenkins read.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Name    string   `xml:"name,attr"`
		Suites  []suite  `xml:"testsuite"`
	}
	suite struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Errors   int    `xml:"errors,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []test `xml:"testcase"`
	}
	test struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Failure *outcome `xml:"failure"`
		Error   *outcome `xml:"error"`
		Skipped *outcome `xml:"skipped"`
		Out     string   `xml:"system-out,omitempty"`
	}
	outcome struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
	}
)

// JUnit has a case for every check: NO-GO is a failure, INCONCLUSIVE an error, and what has nothing to be compared with is skipped.
func (r Review) JUnit() ([]byte, error) {
	out := suites{Name: "assay " + r.Head.Ref + " against " + r.Base.Ref}
	at := map[string]int{}
	for _, row := range r.Rows {
		i, known := at[row.Experiment]
		if !known {
			i = len(out.Suites)
			at[row.Experiment] = i
			out.Suites = append(out.Suites, suite{Name: row.Experiment})
		}
		out.Suites[i].add(row)
	}
	b, err := xml.MarshalIndent(out, "", "  ")
	return append([]byte(xml.Header), append(b, '\n')...), err
}

func (s *suite) add(row Row) {
	c := test{Class: row.Experiment, Name: plain.Line(row.Check)}
	if row.Benchmark != "" {
		c.Name = plain.Line(row.where() + ": " + row.Check)
	}
	why := &outcome{Message: plain.Line(row.Reason), Type: row.Verdict}
	switch s.Tests++; row.Verdict {
	case gate.Go:
		c.Out = why.Message
	case gate.NoGo:
		c.Failure, s.Failures = why, s.Failures+1
	case gate.Inconclusive:
		c.Error, s.Errors = why, s.Errors+1
	default:
		c.Skipped, s.Skipped = why, s.Skipped+1
	}
	s.Cases = append(s.Cases, c)
}
