package reconciler

import (
	"go/ast"
	"strings"
	"testing"
)

// removers are the parts that may remove a whole folder by its path: tools for developers, in temporary folders of theirs.
var removers = []string{"drivers/slurm/cluster/", "drivers/suite/selftest/", "cmd/corebench/", "cmd/chaos/", "drivers/safefile/safefiletest/"}

// TestFoldersAreRemovedBySafefile: a removal by path can be led astray by another user, who puts a link in the place of a folder.
func TestFoldersAreRemovedBySafefile(t *testing.T) {
	all, _ := house(t)
	found := 0
files:
	for _, s := range all {
		for _, r := range removers {
			if strings.HasPrefix(s.path, r) {
				found++
				continue files
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == "RemoveAll" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "os" {
					t.Errorf("%s: remove it with assay/drivers/safefile", s.set.Position(sel.Pos()))
				}
			}
			return true
		})
	}
	if found == 0 {
		t.Error("no tool was found: the list of removers is wrong")
	}
}
