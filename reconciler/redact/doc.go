// Package redact keeps secrets out of what leaves the state directory: archives of logs, and logs themselves.
//
//	redact.go    Writer, which hides known values in a stream of bytes
//	forms.go     the forms in which programs print a secret
//	settings.go  Settings, which hides values in a JSON document by the name of their setting
//
// A Writer passes bytes on and puts [REDACTED] where one of its secrets stands, whatever the pieces in which the bytes
// arrive. A secret is found as it is and in the forms in which programs print it: base64 (also in the middle of
// something longer, such as the header of basic authentication), percent-encoded, hexadecimal, and quoted in JSON.
// Matches that overlap are replaced as one. Memory is bounded by the longest form.
//
// Secrets of fewer than Shortest bytes are not looked for: they would match by chance everywhere. Callers report them.
//
// A manifest can hold a secret in plain text: an environment variable, or an option of a server. Settings finds those by
// their names (API_KEY, --hf-token), replaces the values, and returns them, so that a Writer can hide them elsewhere.
package redact
