package drivers

import "errors"

// ParseRayStatus is replaced on merge.
func ParseRayStatus(out string) (nodes int, gpus float64, err error) { return 0, 0, errors.New("x") }
