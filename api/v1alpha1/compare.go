package v1alpha1

// Compare measures two services in turn, run by run, so that what drifts with time meets both alike. Both are up together.
type Compare struct {
	A string `json:"a" validate:"required"` // a service
	B string `json:"b" validate:"required"` // another one
	// Order is alternating (default): A B, then B A, and so on.
	Order  string `json:"order,omitempty" validate:"omitempty,oneof=alternating"`
	Metric string `json:"metric,omitempty"` // that decides, with repeats.stop
}

// Targets are the services that a benchmark measures: one, or two that are compared.
func (b Benchmark) Targets() []string {
	if b.Compare != nil {
		return []string{b.Compare.A, b.Compare.B}
	}
	return []string{b.Target}
}

// compared checks a comparison against the rest of its benchmark.
func (c *checker) compared(path string, b Benchmark) {
	at := path + ".compare"
	switch {
	case b.Compare == nil && b.Target == "":
		c.lacks(path, path+".target", "is required", "name a service, or write compare: {a: …, b: …}")
		return
	case b.Compare == nil:
		return
	case b.Target != b.Compare.A:
		c.bad(path+".target", "has no meaning with compare, which names both targets", "remove it")
	case b.Compare.A == b.Compare.B:
		c.bad(at+".b", "is the same service as a", "name another one")
	case b.Together != "":
		c.bad(path+".together", "has no meaning with compare, which measures one target after the other", "remove it")
	}
	if m := b.Compare.Metric; m != "" && !metricName.MatchString(m) {
		c.bad(at+".metric", "must be a metric's name such as ttft.p99 or output_throughput, found "+brief(m), "")
	}
}
