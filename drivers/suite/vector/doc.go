// Package vector measures a Chroma server: ingest, queries one after the other, queries at several levels of
// concurrency, and the recall of every one of them.
//
// A run makes a collection of its own, named after the run, and deletes it at the end, so other collections and
// earlier runs on the same server do not matter. The order is that of suite.go:
//
//   - data.go makes seeded vectors in clusters (uniform noise has no neighbours worth finding), and truth.go finds the
//     exact neighbours of every query by brute force. Both are done before anything is timed.
//   - Ingest sends batches one after the other, never above the server's max_batch_size, as base64 where the server
//     takes it. ingest_vectors_per_s divides the vectors that were acknowledged by the time spent inside these
//     requests; encoding is ours and does not count. An acknowledgement proves nothing (Chroma answers 201 to ids that
//     it ignores), so the server's own count must be the declared number afterwards.
//   - Queries are sent sequentially, then with each number of workers. The latency of a query is from the send to the
//     last byte of its answer; the answers are read and scored after the clock has stopped.
//
// recall_at_<k> is of the sequential queries, query_c<N>_recall_at_<k> of a level: the mean share of the k true
// neighbours found. A neighbour that is exactly as far away as the k-th true one is as good as it (ties), and an id
// counts once. Speed without recall means nothing, which is why both come from the same queries.
//
// Failed requests are counted by kind and are in no latency, no rate and no recall. A result is not valid when
//
//   - CountMismatch: the server does not hold the number of vectors that were sent
//   - ErrorRate: more than 1 % of the requests failed
//   - NothingCompleted: no query of a phase succeeded
//   - LowRecall: less than half of the neighbours were found in some phase; speed bought like that compares to nothing
package vector
