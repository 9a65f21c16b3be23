package slurm

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"assay/drivers"
)

// failure is the answer of a command that failed, as an error.
func (a answer) failure() error {
	switch {
	case a.err != nil:
		return a.err
	case a.text != "":
		return errors.New(a.text)
	}
	return fmt.Errorf("exit code %d and no message", a.code)
}

// notReached are messages of failures before anything was sent: no job was made.
var notReached = []string{"connect failure", "Protocol authentication error", "Munge encode failed", "Unable to establish configuration source"}

// refused are messages of a controller, or of sbatch itself, that refused the request: no job was made.
var refused = []string{
	"Invalid ", "invalid ", "Node count specification", "Requested time limit", "Requested node configuration", "Requested partition",
	"Requested nodes are", "Requested reservation", "More processors requested", "Memory required", "Job violates", "does not look like a batch script",
	"unrecognized option", "Access/permission denied", "Unable to open file", "Job dependency problem", "Required node not available",
	"Job size specification", "No partition specified", "Batch script is empty", "time limit", "Pathname of a file",
}

// submitError says what a failed sbatch means. It is uncertain unless it is known that no job was made: the answer may have
// been lost (a timeout), sbatch may have been killed, and the message may be a new one.
func submitError(a answer) error {
	err := a.failure()
	if a.err != nil {
		if errors.Is(a.err, exec.ErrNotFound) {
			return fmt.Errorf("%w: %w", err, drivers.ErrUnavailable)
		}
		return fmt.Errorf("%w: %w", err, drivers.ErrUncertain)
	}
	if strings.Contains(a.text, "Socket timed out") {
		return fmt.Errorf("%w: %w", err, drivers.ErrUncertain)
	}
	for _, m := range notReached {
		if strings.Contains(a.text, m) {
			return fmt.Errorf("%w: %w", err, drivers.ErrUnavailable)
		}
	}
	for _, m := range refused {
		if strings.Contains(a.text, m) {
			return fmt.Errorf("%w: %w", err, drivers.ErrRejected)
		}
	}
	return fmt.Errorf("%w: %w", err, drivers.ErrUncertain)
}

// unreachable reports whether scontrol did not get an answer from the controller.
func unreachable(text string) bool {
	for _, m := range append([]string{"Unexpected message received", "Socket timed out", "Unable to contact"}, notReached...) {
		if strings.Contains(text, m) {
			return true
		}
	}
	return false
}
