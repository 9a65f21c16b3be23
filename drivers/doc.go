// Package drivers holds what crosses the border between the core and the world: the interfaces that the core calls,
// and the data that the controller and the agent exchange by file.
//
//   - scheduler.go: Scheduler, with the optional capabilities Reconfigurer and Accountant; tag.go: whose job it is
//   - agent.go: desired.json and state.json of a job directory
//   - suite.go: Suite, request.json and result.json of a run directory
//   - metrics.go: Prometheus as the controller needs it; service.go: a declared service, compiled
//   - errors.go: the four kinds of error that callers act on
//
// Implementations live in the folders below and import only this package and api. None of them imports another,
// and only cmd imports them. drivertest holds the contracts as tests.
package drivers
