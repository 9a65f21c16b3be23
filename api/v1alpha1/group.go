package v1alpha1

import (
	"cmp"
	"fmt"
	"slices"
)

// shareGroups gives all members of a group the partition, QOS and time that one of them declares for their allocation.
func shareGroups(services []Service) {
	first := map[string]Resources{}
	for _, s := range services {
		if s.Group != "" {
			r := first[s.Group]
			r.Partition, r.QOS, r.Time = cmp.Or(r.Partition, s.Resources.Partition), cmp.Or(r.QOS, s.Resources.QOS), max(r.Time, s.Resources.Time)
			first[s.Group] = r
		}
	}
	for i := range services {
		if r, ok := first[services[i].Group]; ok {
			s := &services[i].Resources
			s.Partition, s.QOS, s.Time = cmp.Or(s.Partition, r.Partition), cmp.Or(s.QOS, r.QOS), cmp.Or(s.Time, r.Time)
		}
	}
}

// groups checks that the services of one group can share one allocation.
func (c *checker) groups(services []Service) {
	for _, g := range groupNames(services) {
		var first *Service
		for i := range services {
			s := &services[i]
			if s.Group != g || s.External != nil || s.Lustre != nil {
				continue
			}
			path := servicePath(i)
			if *s.Replicas != (Replicas{Number: 1}) {
				c.bad(path+".replicas", fmt.Sprintf("a member of group %s runs once in its allocation, found %s", g, s.Replicas), "declare another service in the group, or leave the group")
			}
			if first == nil {
				first = s
			}
			c.agree(path+".resources.partition", s.Resources.Partition, first.Resources.Partition, first.Name, g)
			c.agree(path+".resources.qos", s.Resources.QOS, first.Resources.QOS, first.Name, g)
		}
	}
	outside := map[string]bool{} // names of services that are not in the group of that name
	for _, s := range services {
		outside[s.Name] = outside[s.Name] || s.Group != s.Name
	}
	for i, s := range services {
		if s.Group != "" && s.Group != s.Name && outside[s.Group] {
			c.bad(servicePath(i)+".group", s.Group+" is also the name of a service that is not in the group", "choose another name: jobs are named after it")
		}
	}
}

func groupNames(services []Service) (out []string) {
	for _, s := range services {
		if s.Group != "" && !slices.Contains(out, s.Group) {
			out = append(out, s.Group)
		}
	}
	return out
}

func (c *checker) agree(path, word, with, of, group string) {
	if word != with {
		c.bad(path, fmt.Sprintf("%s, but %s of the same group %s says %s: they share one job", brief(word), of, group, brief(with)), "")
	}
}
