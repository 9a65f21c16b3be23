package safefile

import "testing"

// TestOwnGroup: a group of one's own may write; one with another member, and that of root, may not.
func TestOwnGroup(t *testing.T) {
	for list, want := range map[string]bool{
		"": false, "eve:x:1001:\n": false, "eve:x:1001:eve\n": false, "root:x:0:mallory\neve:x:1001:eve": false,
		"eve:x:1001:mallory\n": true, "a:x:5:\neve:x:1001:eve,mallory\n": true,
	} {
		if got := shared(list, "eve", "eve"); got != want {
			t.Errorf("%q: %v", list, got)
		}
	}
	group := ownGroup()
	for _, c := range []struct {
		mode uint32
		gid  uint32
		want bool
	}{{0o755, 7, false}, {0o775, 7, int64(7) != group}, {0o757, uint32(group), true}, {0o775, uint32(group), group < 0}} {
		if got := (facts{mode: c.mode, gid: c.gid}).openToOthers(); got != c.want {
			t.Errorf("mode %o of group %d: %v", c.mode, c.gid, got)
		}
	}
}
