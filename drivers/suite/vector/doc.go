// Package vector measures a Chroma server: ingest, queries one after the other and concurrently, and where the manifest asks
// for it queries at a rate, with filters, with several efSearch, and during writes; and the recall of every one of them.
//
// A run makes collections of its own, named after the run, and deletes them, so other collections and earlier runs on the
// same server do not matter. The order is that of suite.go:
//
//   - prepare.go prepares everything: data.go makes seeded vectors in clusters (in uniform noise neighbours mean nothing),
//     or files.go reads them; truth.go finds the exact neighbours of every query by brute force, or takes them from a
//     file, of which it checks a few. Nothing is made, encoded or scored while anything is timed, but queries beyond twice
//     as many as a level's warm-up foretold.
//   - Ingest (load.go) sends batches one after the other, never above the server's max_batch_size, as base64 where the
//     server accepts it. ingest_vectors_per_s divides the acknowledged vectors by the time spent inside these requests;
//     the client's encoding does not count. An acknowledgement proves nothing (Chroma answers 201 to ids that it ignores),
//     so the server's own count must be the declared number afterwards, in every collection.
//   - index_ready_s (index.go) is the time until the server reports that all is indexed, if it has such a report, and gives
//     the same answer twice. A busy server is waited for, ten minutes at most; one that refuses is measured without it.
//   - query_sequential, then query_c<N> with each number of workers (phases.go, level.go). Each level lasts for the declared
//     duration, after a warm-up of a tenth of it. The latency of a query is from the send to the last byte of its answer; the
//     answers are decoded and scored after the clock has stopped.
//   - No query is asked twice (queries.go): they are drawn from the vectors' clusters without end, and those whose true neighbours
//     are known lie among them. When one of these comes again, as those of a file do, it is moved by a millionth.
//   - repeated_query_speedup (cache.go): some queries are asked twice on purpose, to say whether the server remembers answers.
//   - query_rate: an open loop; its times are fixed before, as in package serving, and …_intended counts from them. A
//     server that does not keep up has the reason Overloaded, as in package serving, and that phase has no latencies (queue.go).
//   - query_filter_<P>pct: only rows whose metadata match, P percent of all, with the highest number of workers. The
//     metadata are independent of the vectors; …_selected_percent is the exact share. Where fewer than k match, the true
//     neighbours are these few.
//   - query_writing (writes.go): the open loop again while vectors are added at a rate. A query must find what was
//     acknowledged before it was sent, and can find what came later. Of vectors from a file the last tenth is kept for it.
//   - query_load: a run of a search measures this alone, by as many workers as its load says, or query_rate; it counts
//     how many queries kept each bound of the search's objective (objective.go). Each run stores its vectors anew.
//   - query_ef<N>: each efSearch in a collection of its own; frontier.json keeps recall and rate of each.
//
// …_lo and …_hi of latencies are made as package suite says, of queries in their order and those in flight with each.
//
// recall_at_<k> is of the sequential queries, <phase>_recall_at_<k> of another phase: the mean share of the k true
// neighbours found, of the queries for which they are known. A neighbour that is exactly as far away as the k-th true one is
// as good as it (ties), and an id counts once. Speed without recall means nothing, which is why both come from the same phase.
// <phase>_client_cpu_percent is what the client itself took, of one core; package selfwatch says what kept it from its work
// (watch.go).
//
// The result names the files of vectors by their hash, and has one of the vectors and queries themselves (inputs.go).
//
// What the server holds in memory and on disk (server.go), and which release it is (version.go), is read from its process where
// that can be seen: on the client's host, and of its user. Otherwise the result says why it is not there.
//
// chroma.go is the client. Failed requests are counted by kind and are in no latency, no rate and no recall; an answer with a
// vector that the filter forbids counts as failed (failed_filter_ignored). A result is not valid when
//
//   - CountMismatch: the server does not hold the number of vectors that were sent
//   - ErrorRate: more than 1 % of the requests failed, of a phase or of all
//   - AnswerTooLarge: an answer had more than 4 MiB and 1 KiB for each neighbour, or all of them more than 64 MiB, and 1 KiB
//     and 128 bytes for each neighbour a request, together
//   - NothingCompleted: no query of a phase succeeded
//   - ShortLevel: a phase lasted less than a second
//   - ClientLate, ClientBusy, ClientCrowded and the others of package selfwatch: the client was kept from its work
//   - LowRecall: less than half of the neighbours were found in some phase; such a speed cannot be compared
//
// # Dependencies
//
// go.opentelemetry.io/otel and its SDK: where OTEL_EXPORTER_OTLP_ENDPOINT names a collector (assay sets it when the
// experiment has one), telemetry.go exports every insert, query and new collection to it under OpenLIT's names, so that
// dashboards made for OpenLIT show them. What the collector does not accept is lost, with the note TelemetryLost; only the
// end of the run waits for it.
package vector
