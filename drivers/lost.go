package drivers

import (
	_ "embed"
	"errors"
	"slices"
	"syscall"
)

// LostWords is this file. The manual prints its words with their comments, so that they are written once.
//
//go:embed lost.go
var LostWords string

// Words for what a run lost that it needs and that it does not judge. A run that lost something is repeated. They are in
// SuiteResult.Lost and RunState.Reason, and the suite's process ends with ExitLost and their place in Losses, so that they
// arrive even when nothing can be written.
const (
	LostDisk       = "DiskFull"           // no space left, or no quota
	LostWrites     = "ReadOnlyFileSystem" // a file system takes no writes
	LostFileSystem = "FileSystemLost"     // a file system went away: a stale handle, not mounted, an I/O error
	LostTarget     = "TargetUnreachable"  // the target answered nothing at all
	LostSuite      = "SuiteKilled"        // a signal ended the suite that assay did not send, or it could not be started
	LostClaim      = "BegunBefore"        // an agent that is gone had begun it
)

// Losses are those that a suite finds by itself.
var Losses = []string{LostDisk, LostWrites, LostFileSystem, LostTarget}

// ExitLost is the exit code of a suite that lost the first of Losses; each further one has the next code.
const ExitLost = 80

// ExitInterrupted is the exit code of every verb that a signal has ended, of a suite too: it handles SIGTERM, and leaves then.
const ExitInterrupted = 130

// A suite judges its target. What it needs itself (a disk, a file system) and that the target answers at all is not its
// judgement: such a run was lost and is done again. Which it was is told by the kind of an error, never by its text.

// Lost is an error for a loss that no system call names.
type Lost struct {
	Word string // one of Losses
	Err  error
}

func (l *Lost) Error() string { return l.Err.Error() }

func (l *Lost) Unwrap() error { return l.Err }

// errnos are what system calls say when the infrastructure fails, by what is lost.
var errnos = map[string][]syscall.Errno{
	LostDisk:       {syscall.ENOSPC, syscall.EDQUOT},
	LostWrites:     {syscall.EROFS},
	LostFileSystem: {syscall.ESTALE, syscall.EIO, syscall.ENODEV, syscall.ENOTCONN, syscall.ESHUTDOWN},
}

// LostBy is the word for what an error lost, one of Losses; empty when it is the suite's judgement.
func LostBy(err error) string {
	if lost, ok := errors.AsType[*Lost](err); ok {
		return lost.Word
	}
	for _, word := range Losses {
		if slices.ContainsFunc(errnos[word], func(no syscall.Errno) bool { return errors.Is(err, no) }) {
			return word
		}
	}
	return ""
}

// ExitCode is what the process of a suite ends with after err: 0, 1, or the code of what it lost.
func ExitCode(err error) int {
	if i := slices.Index(Losses, LostBy(err)); i >= 0 {
		return ExitLost + i
	}
	if err != nil {
		return 1
	}
	return 0
}
