// Package resident is the life of a controller that stays: how others see that it works, how it goes on without a terminal, and
// how it runs where login nodes allow no long-running tasks.
//
//	health.go    Health: /healthz, /readyz and /metrics
//	detach.go    Start: a controller in the background, with a log; Stop
//	injob.go     Manifest: the experiment that keeps a controller inside an allocation
//	units.go     a systemd user unit, and a crontab for scrontab
//
// There is one controller at a time, however many are started: each waits for the lease, or refuses. One that stands by takes the
// lease when its holder releases it, as it does when it ends, or after its heartbeat has stood still.
//
// A controller in an allocation is a service like others: the next job is submitted in time, stands by as soon as it is up, and
// has the lease a second after the old one, which its own successor's Ready has made superfluous, was told to end.
package resident
