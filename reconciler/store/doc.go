// Package store is the state directory: everything that has to outlive a process, as plain files on a shared file system.
//
//	id                                     of the state directory; the ownership mark of its jobs
//	identity.json                          the site, scheduler, cluster and user that it belongs to, and what tells it from a copy
//	lease/<epoch>.json                     who holds the lease: created once, so that one process wins an epoch
//	revisions/<experiment>/<n>.json        accepted versions, created once and numbered: the newest is the head
//	intents/<nonce>.json                   attempts to fill a seat: written before the scheduler is asked, kept until the job has ended
//	intents/<batch>.json                   attempts that were begun together; their nonces begin with the batch's name
//	jobs/<experiment>/<seat>/<nonce>/      desired.json, state.json, beat, job.<id>.log and log/ of one job
//	runs/<experiment>/<run>/               run.json, request.json, claim.json, result.json and samples of one run
//	active/<experiment>.<run>              marks a run that is open, and holds it as it was created
//	finished/<experiment>/segment-<n>.jsonl  one line for each run that has ended; made anew from runs/ when it is damaged
//	status/<experiment>.json               the status; rebuilt by the next pass when it is lost
//	addresses/<experiment>.<service>       where a gateway answers now, a URL a line; absent while none of its servers is Ready
//	observed.json                          when the world was last observed, for every status that has not changed since
//	changed                                a line with the experiment's name for every accepted revision
//	sources/<hash>.json                    what a followed folder or repository last delivered, and its budget
//	sources/<hash>.spent                   what its deleted experiments used, which its budget goes on counting
//	requests/<n>.json                      requests to observe afresh, numbered; a status says up to which number it answers
//	reruns/<experiment>%2F<run>            runs that the user asks for again, until they are set aside
//	secrets/<digest>                       values of secrets, named after a keyed hash; the file key holds that key
//	secrets/<name>                         tokens, passwords and certificates that assay made for listeners of its own
//	secrets/<experiment>.<service>.<variable>.key   a key that assay made for a service; it goes with the experiment
//	folders/<experiment>.<service>.….json  directories that were asked for, until they are gone
//	scaled/<experiment>.<service>.json     how many replicas a metric asks for, since when, and what it asked for lately
//	prometheus.json                        where the embedded Prometheus of the process that runs the loop answers, and which process it is
//	controller.json                        where the controller says how it is, and which process it is; controller.log of a detached one
//	metrics.prom                           the controller's own metrics, for any Prometheus to read
//	metrics/<experiment>-<n>.om.gz         what was scraped of an experiment that has ended, as OpenMetrics
//	targets/assay.json                     scrape targets (file_sd) for a Prometheus that users run
//	events.jsonl                           events, one line each
//	asked.jsonl                            events of what people asked for on a live page, by processes without the lease
//	web/<host>-<pid>.json                  where a live page answers, and which process it is
//	bin/<sha256>/assay                     the binary that jobs run: an upgrade never changes a running job
//	archive/                               ended attempts, and the status of forgotten experiments
//
// Package durable writes and reads these files; its doc says what a crash leaves behind. There is no database and no
// lock. What writers that were killed left behind is removed when the lease of a dead holder is taken over.
//
// An attempt is written several times within seconds, and many are at once. Its record grows by its later states (durable.Extend),
// so that only its first one makes a file. Those that are begun together share that one, and its fsync: of the states
// of an attempt in it the last one counts, unless the attempt has a record of its own. One gets that when somebody else writes
// the shared file at that moment, or when it is damaged; how many attempts it had is in its name. The version of these
// records is raised for each of this: an older assay would take it for damage, and refuses it.
//
// A damaged file concerns its own experiment: listings return what is good and an error of type Damages, which damage.go takes
// apart. A revision that is torn is left behind by accepting another one, a status, desired.json, an attempt and an open run
// are rebuilt, and the damaged file of an attempt or a run is first copied to archive/damaged-….
//
// What servers and programs said (messages, errors, progress) is written without the secrets of the state directory, and as
// plain text. A folder of secrets that cannot be read stops such writes.
//
// Reading needs no lease. What the loop owns (attempts, runs, status, events, targets) is written through a Lease, and
// fails with ErrLeaseLost once a higher epoch exists. Revisions are accepted, and fresh observations requested, without
// a lease: their numbered files, each created once, are the compare-and-swap. Runs are asked for again without one, too.
// The record of a followed source is replaced by the command that follows it.
//
// What it costs to read does not grow with what was ever done. The holder of the lease reads the segments once and then only
// the folders of runs that are open. The order of writing is the run's record, its line, the removal of its marker; the next
// holder finishes what a crash left half done. A revision is read again only when "changed" has grown.
//
// A state directory belongs to one site, one cluster and one user. Claim records them the first time that a verb acts, and
// then refuses others, and a copy of the directory: the copy has the same id, so it would act on the original's jobs.
// Verify is the same without a record. Adopt (a copy gets an id of its own, and declares nothing) and Keep (the directory
// was moved or renamed) are the ways out. identity.json says by inode numbers whether a directory is a copy; identity.go
// gives the reasons.
//
// A holder of the lease whose process is known to be gone (package procid) is replaced at once. One that cannot be seen
// from here, on another host or in another pid namespace, is replaced when its heartbeat stands still.
package store
