package v1alpha1

import (
	"fmt"
	"slices"
	"strings"
)

// dependencies checks the references of dependsOn, and that they have no cycle.
func (c *checker) dependencies(services []Service) {
	names, complete := c.serviceNames(services)
	for i, s := range services {
		for j, on := range s.DependsOn {
			path := fmt.Sprintf("%s.dependsOn[%d]", servicePath(i), j)
			switch {
			case !slices.Contains(names, on):
				if complete {
					c.bad(path, "there is no service "+brief(on), meant(on, names))
				}
			case on == s.Name:
				c.bad(path, s.Name+" cannot wait for itself", "remove it")
			case slices.Index(s.DependsOn, on) < j:
				c.bad(path, brief(on)+" is listed twice", "remove one")
			}
		}
	}
	graph := map[string][]string{}
	for _, s := range services {
		graph[s.Name] = s.DependsOn
	}
	stuck := unsortable(graph)
	for i, s := range services {
		if !stuck[s.Name] {
			continue
		}
		if cycle := cycleFrom(graph, s.Name); cycle != nil && slices.Min(cycle) == s.Name && len(cycle) > 2 {
			c.bad(servicePath(i)+".dependsOn", "a cycle: "+strings.Join(cycle, " -> "), "remove one of these dependencies")
		}
	}
}

// unsortable returns the names that a topological sort leaves over: those in a cycle, and those that lead to one. It takes
// time in proportion to the names and edges, so that only manifests with a cycle pay for the search for the shortest.
func unsortable(graph map[string][]string) map[string]bool {
	left, waiting, free := map[string]int{}, map[string][]string{}, []string{}
	for name, on := range graph {
		for _, other := range on {
			if _, known := graph[other]; known {
				left[name]++
				waiting[other] = append(waiting[other], name)
			}
		}
		if left[name] == 0 {
			free = append(free, name)
		}
	}
	for len(free) > 0 {
		name := free[len(free)-1]
		free = free[:len(free)-1]
		for _, w := range waiting[name] {
			if left[w]--; left[w] == 0 {
				free = append(free, w)
			}
		}
	}
	out := map[string]bool{}
	for name, n := range left {
		out[name] = n > 0
	}
	return out
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

// cycleFrom returns the shortest way from a name back to itself, both ends included; nil when there is none.
func cycleFrom(graph map[string][]string, start string) []string {
	queue, seen := [][]string{{start}}, map[string]bool{}
	for len(queue) > 0 {
		path := queue[0]
		queue = queue[1:]
		for _, next := range graph[path[len(path)-1]] {
			longer := append(slices.Clone(path), next)
			if next == start {
				return longer
			}
			if !seen[next] {
				seen[next] = true
				queue = append(queue, longer)
			}
		}
	}
	return nil
}
