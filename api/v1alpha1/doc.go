// Package v1alpha1 is what users write and what they read back: the kinds Site and Experiment, and their status.
// It does no I/O and does not read the clock.
//
// # From bytes to a manifest
//
// [Load] does everything: decode, fill in defaults, validate. [LoadFollowed] does it for what others wrote, such as the
// manifests of a followed repository: no Site is taken from there, and an experiment may have images, models and numbers;
// processes, secrets and files need the word of the site (trust.git). [Decode] is the first step alone, for documents that
// are only read. All read every YAML document of every file and report all problems at once, sorted, as a
// *multierror.Error of [Problem], each written file:line:col: path: message (hint).
//
//   - decode.go splits files into documents and finds out their kind; syntax.go finds the place of a syntax error.
//   - node.go walks a document and its Go type together. One pass gives every problem its line and column, and decoding
//     goes on after the first problem.
//   - stranger.go recognizes files of other programs. elsewhere.go says where a field that is not known belongs, and habits.go
//     what to write for names that other programs have; units.go the same for units.
//   - enter.go is the step into each value: it follows aliases and holds the value to its limits.
//   - plain.go decodes scalars and refuses those that two YAML parsers read differently; scalar.go has the types
//     Duration, Quantity and Rate; moment.go has Time.
//   - types.go declares the kinds; vllm.go and models.go the servers of language models, with their checks; sitefacts.go what a site knows of its scheduler, which admission uses; serving.go, sampling.go, vector.go, storage.go, gate.go, repeats.go, compare.go, runon.go,
//     search.go and sweep.go the parts of a benchmark and of a sweep, with their defaults and checks; budget.go what an experiment may use; schedule.go when it is measured again; status.go what users read back.
//   - samples.go says how many samples a percentile needs.
//   - defaults.go fills in defaults. Doing it again changes nothing.
//   - validate.go is the order of validation, and problem.go its result. rules.go applies the validate tags of types.go;
//     site.go, service.go, benchmark.go, lustre.go, live.go, renew.go, replicas.go, gateway.go, secret.go, auth.go, container.go, pyxis.go, image.go, group.go and graph.go hold
//     the checks that need more than one field.
//   - sound.go finds the files of a folder that are whole beside broken ones.
//   - sweepcheck.go validates an experiment at every point of its sweep; sweeppath.go follows the paths of a sweep.
//   - rule.go applies the rules of layers above: what a scheduler allows is in reconciler/plan/admit.
//   - trust.go refuses what arrived through git and its site has no word for.
//   - files.go has the paths of data sets; relative ones count from the folder of their manifest.
//   - limits.go has every limit of what is read, with its reason, and the checks of amounts.
//   - fillin.go refuses $(WORD)s that nobody fills in.
//   - query.go has the PromQL of a manifest parsed by who knows PromQL.
//   - walltime.go says how much of a walltime runs can use.
//   - sources.go has the Go files of this package, from whose comments package fields explains every field.
//   - encode.go writes the canonical form, and its hash, which names a revision.
//
// # What is stricter than YAML
//
// Keys are exact in case, and appear once. An unquoted yes, no, on, off, y or n, or a number like 0777, 0x1F, 1_000 or
// 1:30, is an error where it is ambiguous. Merge keys and tags are errors; anchors and aliases work, within a
// limit. A field without a value is an error. In vllm.args numbers become float64, as encoding/json does it, so that a
// manifest read from a stored revision equals the one that was applied.
//
// # Hostile files
//
// A file that somebody else wrote costs about a second and less than 200 MB at most. What separates values is counted before
// the parser sees a file; documents, values, entries, lengths of keys and texts, points, runs and replicas have limits, and
// what is beyond one is a problem with its place that says the limit. Nothing that is checked takes more time than in
// proportion to what is written, but for the points of a sweep, which are counted first. After 100 problems of a document, or
// 500 of all, no more are looked for.
//
// # Problems that follow from problems
//
// Documents that did not decode completely are validated too. But a place that is known to be wrong is not reported
// again, and a missing field is not reported next to an unknown one, which is probably that field misspelt.
//
// # Dependencies
//
// go.yaml.in/yaml/v3 parses, because its nodes know their line and column. sigs.k8s.io/yaml writes, because it goes
// through the JSON tags and quotes every value that YAML versions read differently. validator/v10 keeps rules in the
// tags of the fields. go-multierror carries many problems in one error. levenshtein finds the name that was meant.
// github.com/robfig/cron/v3 reads schedules, as Kubernetes' CronJob does.
package v1alpha1
