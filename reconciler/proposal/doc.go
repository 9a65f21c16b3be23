// Package proposal measures a pull request: beside its base, under temporary names, and gone afterwards.
//
//	proposal.go  Measure: what is started, waited for and deleted
//	choose.go    what has to be measured: what the pull request changes, and of the base what has no results
//	judge.go     what was measured, for package review
//
// Nothing that is there changes. Each experiment that the pull request changes is accepted as NAME-pr-COMMIT, of an owner of its
// own, so that no followed source takes it for one of its experiments. The base's results are those of the newest revision with
// the very same content, when every repeat of it has ended. Without such, the base is accepted, too: as NAME-pr-COMMIT-base. Two
// experiments on one host measure in turn, run by run, so what the machine does meanwhile is in both.
//
// What was started is deleted whatever happens, also after an interruption: then by a context that goes on. After a kill it is
// left, releases its jobs once it is measured (whenDone: Stop), and is deleted when the pull request is measured again. Results,
// logs and history of what was deleted are kept.
package proposal
