// Package vector measures a Chroma server: ingest, queries one after the other and concurrently, and where the manifest asks
// for it queries at a rate, with filters, with several efSearch, and during writes; and the recall of every one of them.
//
// A run makes collections of its own, named after the run, and deletes them, so other collections and earlier runs on the
// same server do not matter. The order is that of suite.go:
//
//   - data.go makes seeded vectors in clusters (uniform noise has no neighbours worth finding), or files.go reads them, and
//     truth.go finds the exact neighbours of every query by brute force, or takes them from a file, of which it checks a
//     few. Nothing is made, encoded or scored while anything is timed.
//   - Ingest sends batches one after the other, never above the server's max_batch_size, as base64 where the server
//     takes it. ingest_vectors_per_s divides the vectors that were acknowledged by the time spent inside these
//     requests; encoding is ours and does not count. An acknowledgement proves nothing (Chroma answers 201 to ids that
//     it ignores), so the server's own count must be the declared number afterwards, in every collection.
//   - index_ready_s is the time until the server says that all is indexed, if it does say, and answers twice the same. One
//     that is busy is waited for, ten minutes at most; one that refuses is measured as it is, without that time.
//   - query_sequential, then query_c<N> with each number of workers. The latency of a query is from the send to the last
//     byte of its answer; the answers are read and scored after the clock has stopped.
//   - query_rate: an open loop; its moments are fixed before, as in package serving, and …_intended counts from them.
//   - query_filter_<P>pct: only rows whose metadata fits, P percent of all, by the highest number of workers. Which
//     these are says nothing about where they lie; …_selected_percent is how many they are exactly. Where fewer than k
//     fit, the true neighbours are these few.
//   - query_writing: the open loop again while vectors are added at a rate. What was acknowledged before a query was sent
//     has to be found by it; what came later may be. Of vectors from a file the last tenth is kept for it.
//   - query_ef<N>: each efSearch in a collection of its own; frontier.json keeps recall and rate of each.
//
// recall_at_<k> is of the sequential queries, <phase>_recall_at_<k> of another phase: the mean share of the k true
// neighbours found. A neighbour that is exactly as far away as the k-th true one is as good as it (ties), and an id
// counts once. Speed without recall means nothing, which is why both come from the same queries. <phase>_client_cpu_percent
// is what the client itself took, of one core.
//
// Failed requests are counted by kind and are in no latency, no rate and no recall; an answer with a vector that the filter
// forbids is one (failed_filter_ignored). A result is not valid when
//
//   - CountMismatch: the server does not hold the number of vectors that were sent
//   - ErrorRate: more than 1 % of the requests failed, of a phase or of all
//   - NothingCompleted: no query of a phase succeeded
//   - LowRecall: less than half of the neighbours were found in some phase; speed bought like that compares to nothing
//
// # Dependencies
//
// go.opentelemetry.io/otel and its SDK: where OTEL_EXPORTER_OTLP_ENDPOINT names a collector (assay sets it when the
// experiment has one), every insert, query and new collection is told to it in the names of OpenLIT, so that dashboards made
// for that show it. What it does not take is lost, and said (TelemetryLost); nothing waits for it before the end.
package vector
