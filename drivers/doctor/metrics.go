package doctor

func metrics(f Facts) []Check {
	const name = "Prometheus"
	if f.Site.Spec.Prometheus == nil {
		return one(name, Skipped, "", "the Site names none: assay runs its own")
	}
	url := f.Site.Spec.Prometheus.URL
	if !f.Prometheus.OK {
		return one(name, Fail, "correct prometheus.url in the Site, or remove it: assay then runs its own", "%s does not answer: %s", url, f.Prometheus.said())
	}
	return one(name, OK, "", "%s answers: %s", url, f.Prometheus.said())
}
