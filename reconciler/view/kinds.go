package view

// Kinds are the kinds that can be listed, in the order of their importance.
var Kinds = []string{"services", "jobs", "runs", "experiments", "nodes", "listeners", "revisions", "events"}

var aliases = map[string]string{
	"service": "services", "svc": "services",
	"job": "jobs", "run": "runs",
	"experiment": "experiments", "exp": "experiments",
	"node":     "nodes",
	"listener": "listeners",
	"revision": "revisions", "rev": "revisions",
	"event": "events",
}

// Kind is the kind that a word names: the kind itself, its singular, or a short name. False when there is none.
func Kind(word string) (string, bool) {
	if k, ok := aliases[word]; ok {
		return k, true
	}
	for _, k := range Kinds {
		if k == word {
			return k, true
		}
	}
	return "", false
}
