// Package fields is the reference of the manifest: every field with its type, meaning, default, an example, and since when it
// is there. All of it comes from the types of v1alpha1: their tags, and their comments, which are read from the sources that
// the binary holds. So a field that is added there is documented here.
//
//	field.go     Field and Of: the fields of a type
//	comments.go  the comments of the sources
//	meaning.go   what a comment says of a field: its meaning, and its default
//	words.go     what the comments leave out: meanings of fields that have none, and examples; wordsofbenchmarks.go and
//	             wordsofsites.go go on with it
//	find.go      Find: the field of a path such as services.vllm.model
//	describe.go  a field for people (assay explain)
//	schema.go    Schema: JSON Schema for editors (assay schema); shapes.go  the form of each kind of value
//
// A field of a later version than the first of its apiVersion says so in a tag: since:"…".
package fields
