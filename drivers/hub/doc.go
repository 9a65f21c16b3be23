// Package hub fetches the weights of models before a job is submitted, once for a site.
//
//	wanted.go  which models services read
//	hub.go     which files a model has, by the API of Hugging Face's hub
//	cache.go   the folder in which they lie, in the layout of its own library, so that servers find them there
//	fetch.go   one file: resumed where an earlier fetch ended, and checked
//
// The layout, below HF_HOME/hub/models--ORGANISATION--NAME:
//
//	blobs/HASH                 content, by the hash that the hub states: SHA-256 of large files, Git's of others
//	blobs/HASH.incomplete      what is there of one
//	snapshots/COMMIT/FILE      a relative link to the blob
//	refs/REVISION              the commit that a branch or tag was when it was fetched
//
// A file is in place under its hash or it is not in place: its content is checked while it is written. What the hub says is a
// stranger's word: names of files that lead out of the snapshot are refused, and a file is read up to its stated size. The
// token goes to the hub itself, and not to the servers to which the hub sends downloads on.
//
// Where a model has safetensors, its weights in other formats are left out, as servers leave them out.
package hub
