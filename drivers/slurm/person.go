package slurm

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
)

// Person is the user whose view of a cluster it is.
type Person struct {
	Name   string
	UID    int
	Groups []string // names
}

// Me is the user who runs this. A host that does not know the names of groups makes no error: partitions that are for groups then
// count as closed.
func Me() (Person, error) {
	u, err := user.Current()
	if err != nil {
		return Person{}, fmt.Errorf("finding out who you are: %w", err)
	}
	p := Person{Name: u.Username, UID: os.Getuid()}
	ids, _ := u.GroupIds()
	for _, id := range append(ids, strconv.Itoa(os.Getgid())) {
		if g, err := user.LookupGroupId(id); err == nil {
			p.Groups = append(p.Groups, g.Name)
		}
	}
	return p, nil
}
