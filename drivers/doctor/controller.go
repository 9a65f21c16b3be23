package doctor

import "time"

// slow is how long a controller may take to answer before assay's questions hurt.
const slow = 5 * time.Second

func controller(f Facts) []Check {
	const name = "controller"
	c := f.Slurm.Config
	switch {
	case f.local():
		return nil
	case !c.Asked || c.Missing:
		return one(name, Skipped, "", "there is no scontrol to ask it with")
	case !c.OK:
		return one(name, Fail, "wait, or ask the site: nothing can be submitted, and assay touches nothing meanwhile", "it does not answer: %s", c.said())
	case c.Took > slow:
		return one(name, Warn, "ask less often: poll: {every: 30s, atMost: 5m} in the Site", "it answers, but took %s", short(c.Took))
	}
	return one(name, OK, "", "it answers in %s", short(c.Took))
}
