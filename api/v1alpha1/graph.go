package v1alpha1

import (
	"fmt"
	"slices"
	"strings"
)

// dependencies checks the references of dependsOn, and that they have no cycle.
func (c *checker) dependencies(services []Service) {
	if !slices.ContainsFunc(services, func(s Service) bool { return len(s.DependsOn) > 0 }) {
		return
	}
	names, complete := c.serviceNames(services)
	graph := map[string][]string{}
	for _, s := range services {
		graph[s.Name] = s.DependsOn
	}
	for i, s := range services {
		seen := map[string]bool{}
		for j, on := range s.DependsOn {
			if c.full() {
				return
			}
			path := fmt.Sprintf("%s.dependsOn[%d]", servicePath(i), j)
			_, known := graph[on]
			switch {
			case !known:
				if complete {
					c.bad(path, "there is no service "+brief(on), meant(on, names))
				}
			case on == s.Name:
				c.bad(path, s.Name+" cannot wait for itself", "remove it")
			case seen[on]:
				c.bad(path, brief(on)+" is listed twice", "remove one")
			}
			seen[on] = true
		}
	}
	cycles := circles(graph)
	for i, s := range services {
		if cycle := cycles[s.Name]; cycle != nil {
			c.bad(servicePath(i)+".dependsOn", "a cycle: "+strings.Join(cycle[:min(len(cycle), maxCycle)], " -> "), "remove one of these dependencies")
		}
	}
}

// maxCycle is how many names of a cycle are shown.
const maxCycle = 20

// circles finds what waits for itself: of every set of names that all lead to one another, by its smallest name, the shortest
// way from that name back to it, both ends included. It takes time in proportion to the names and edges.
func circles(graph map[string][]string) map[string][]string {
	t := tarjan{graph: graph, order: map[string]int{}, low: map[string]int{}, set: map[string]int{}}
	for name := range graph {
		if t.order[name] == 0 {
			t.visit(name)
		}
	}
	out := map[string][]string{}
	for i, set := range t.sets {
		if len(set) > 1 {
			first := slices.Min(set)
			out[first] = t.wayBack(first, i+1)
		}
	}
	return out
}

// tarjan finds strongly connected sets. Numbers count from 1.
type tarjan struct {
	graph      map[string][]string
	order, low map[string]int // when a name was visited, and the first one that it leads back to
	set        map[string]int // its set, once that is known
	open       []string       // names without a set
	sets       [][]string
}

func (t *tarjan) visit(name string) {
	t.order[name] = len(t.order) + 1
	t.low[name] = t.order[name]
	t.open = append(t.open, name)
	for _, next := range t.graph[name] {
		if _, known := t.graph[next]; !known || t.set[next] > 0 {
			continue
		}
		if t.order[next] == 0 {
			t.visit(next)
		}
		t.low[name] = min(t.low[name], t.low[next])
	}
	if t.low[name] < t.order[name] {
		return
	}
	i := slices.Index(t.open, name)
	set := slices.Clone(t.open[i:])
	t.open, t.sets = t.open[:i], append(t.sets, set)
	for _, member := range set {
		t.set[member] = len(t.sets)
	}
}

// wayBack is the shortest way from a name of a set back to it.
func (t *tarjan) wayBack(start string, set int) []string {
	before, queue := map[string]string{}, []string{start}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, next := range t.graph[name] {
			if next == start {
				way := []string{start}
				for ; name != start; name = before[name] {
					way = append(way, name)
				}
				way = append(way, start)
				slices.Reverse(way)
				return way
			}
			if _, seen := before[next]; !seen && t.set[next] == set {
				before[next] = name
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// serviceNames returns the names that can be referred to. complete is false when some names could not be read: then an
// unknown reference is not an error.
func (c *checker) serviceNames(services []Service) (names []string, complete bool) {
	complete = !c.doc.wrongAt["spec.services"] && !c.doc.wrongAt["spec"]
	for _, s := range services {
		names = append(names, s.Name)
		complete = complete && s.Name != ""
	}
	return names, complete
}

// named returns the service of that name.
func named(services []Service, name string) (Service, bool) {
	for i := range services { // by index: a Service is large
		if services[i].Name == name {
			return services[i], true
		}
	}
	return Service{}, false
}
