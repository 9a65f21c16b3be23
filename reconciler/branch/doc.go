// Package branch makes the files of a results branch: what was measured of each revision, kept beside the code.
//
//	files.go  Files: what the branch is to hold, by what it holds
//	index.go  INDEX.md: a line for each revision
//
//	INDEX.md                            every revision, oldest first
//	EXPERIMENT/COMMIT-REVISION.md       its report
//	EXPERIMENT/COMMIT-REVISION.json     the same for programs; compare and gates read it as file:PATH
//
// Only a revision of which every repeat has ended is written, once: its files stay as they are until it has other runs. Lines of
// revisions that this state directory does not know, such as those of another runner, stay too. Paths of this machine are left out.
package branch
