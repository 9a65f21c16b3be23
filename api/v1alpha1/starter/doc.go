// Package starter writes a first manifest, with comments, for what people begin with: a model that is served, retrieval with a
// vector database, a directory, a sweep, a nightly check (assay init).
//
//	starter.go    Answers and Write: a manifest that assay accepts
//	questions.go  Ask: answers, one question at a time
//
// The manifests are in the folder manifests. It asks and writes through what is handed in: nothing here opens a file.
package starter
