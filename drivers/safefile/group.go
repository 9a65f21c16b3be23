package safefile

import (
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ownGroup is the group that this user shares with nobody, -1 without one. Many systems give each user such a group, of the
// same name, and let it write in all that the user makes.
var ownGroup = sync.OnceValue(func() int64 {
	u, err := user.Current()
	if err != nil || u.Uid == "0" {
		return -1
	}
	g, err := user.LookupGroupId(u.Gid)
	if err != nil || g.Name != u.Username {
		return -1
	}
	list, err := os.ReadFile("/etc/group")
	if err != nil || shared(string(list), g.Name, u.Username) {
		return -1
	}
	id, err := strconv.ParseInt(u.Gid, 10, 64)
	if err != nil {
		return -1
	}
	return id
})

// shared reports whether a list in the form of /etc/group names another member of a group than its user.
func shared(list, group, user string) bool {
	for line := range strings.Lines(list) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) == 4 && f[0] == group && f[3] != "" && slices.ContainsFunc(strings.Split(f[3], ","), func(m string) bool { return m != user }) {
			return true
		}
	}
	return false
}
