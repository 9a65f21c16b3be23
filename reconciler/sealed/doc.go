// Package sealed writes, checks and opens sealed bundles: the results of one revision of an experiment in one file that shows
// every change to it. It stands behind assay bundle create, verify and replay. Archives for support are package bundle's.
//
//	container.go  the form of the file: a tar of which every byte is decided
//	members.go    the names of what is in it, and their limits
//	collect.go    Collect: what counts for a revision, and the runs that it is from
//	contents.go   Contents: what a bundle is made of, as the caller found it
//	write.go      Create: contents into a file, without secrets
//	clean.go      documents without secrets
//	runs.go       the files of a run, redacted and compressed, one at a time
//	provenance.go what was measured with what: binaries, engines, drivers, images, weights, data sets
//	sbom.go       the modules of the running binary, as CycloneDX
//	sums.go       SHA256SUMS
//	sign.go       signing and checking with ssh-keygen -Y
//	armor.go      the one form of a signature's text
//	open.go       Open: reads and checks every byte; Bundle, what was found
//	facts.go      what verify prints
//	data.go       data sets: whether they are here, and taking them out of a bundle
//	manifest.go   the manifest of a bundle, for another site and under another name
//	verdict.go    Compare: whether a replay reproduced the points
//
// # What is in it
//
// A bundle is a plain tar with one folder, bundle/, so tar, sha256sum and zcat open it anywhere:
//
//	bundle.json         the version of this format, the experiment, its revision, when it was measured, what is left out
//	data/<sha256>       data sets, if they travel with it
//	manifest.yaml       the manifest with every default filled in
//	provenance.json     what the numbers depend on
//	results.json        a row for each run, in the form of report -o json: assay compare file:results.json reads it
//	runs/<run>/…        run.json, request.json, result.json, samples; what is large is compressed (.gz)
//	sbom.cdx.json       the modules of the assay that made the bundle
//	site.yaml           the site as it was used
//	SHA256SUMS          of every member above
//	SHA256SUMS.sig      the signature of SHA256SUMS, of one that is signed
//
// # What changes, shows
//
// Compressed containers have bytes that mean nothing, and so has tar: owners, times, padding. Here each header is the only one
// that its name and size can have, padding is zero, members come in the order above and then by name, the end is two zero blocks and then
// nothing, and SHA256SUMS is what is computed anew. A signature has one form of its text too. So a bundle that differs in one byte
// is not a bundle, signed or not. Who changes an unsigned bundle on purpose can compute the sums anew: a signature says who
// made it, and bundle.json says that there was one, so that it cannot be taken off alone.
//
// The same inputs give the same bytes, whenever and wherever: nothing in an unsigned bundle says when it was made. A signed one does.
//
// # Hostile bundles
//
// A bundle comes from others. It is read once, front to back, and nothing of it is unpacked or decompressed to check it: there
// is nothing to expand. Members that are held in memory have a limit, others are only hashed. Names are made of plain
// characters and never lead out; links, folders and devices have no header here. What replay applies is what was checked: the
// file stays open, and a data set that is taken out is hashed again.
//
// # Secrets
//
// Values of stored secrets, and settings whose names look secret, are replaced by [REDACTED] in everything. A manifest from which
// something was taken says so in bundle.json, and is not applied by replay.
//
// # Reproduced
//
// The intervals are those of compare: 95 % for the typical run. A metric of a point is reproduced where the intervals of both
// sides meet and no difference is called. It is not where a difference is called, or the intervals have nothing in common.
// With fewer than two runs on a side, or an interval that is wider than the number itself, nothing can be told.
package sealed
