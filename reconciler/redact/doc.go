// Package redact keeps secrets out of what is stored, shown or given away: messages of servers, logs, archives.
//
//	redact.go    Values, which are known secrets, and Writer, which hides them in a stream of bytes
//	forms.go     the forms in which programs print a secret
//	patterns.go  Patterns, which hides what looks like a secret
//	hints.go     what a text has to hold before a pattern is worth trying
//	names.go     which names of settings and options are those of secrets
//	lines.go     Lines, which is Patterns for a stream
//	message.go   Message: what others said, as it may be stored and shown
//	messages.go  Messages: a record of which everything that others said goes through a function
//	cache.go     Cache: values that change, for messages that repeat
//	settings.go  Settings, which hides values in a JSON document by the name of their setting
//
// # Where it stands
//
// On the way in: a suite's result and progress, an agent's state, happenings and logs of processes (values only: a log is its
// owner's, and stays what it is otherwise), and, with all secrets of the state directory, every event, status and record of a
// run that the store writes. On the way out once more: archives, which go to others.
//
// # Values
//
// A Writer passes bytes on and puts [REDACTED] where one of its secrets stands, whatever the pieces in which the bytes
// arrive. A secret is found as it is and in the forms in which programs print it: base64 (also in the middle of
// something longer, such as the header of basic authentication), percent-encoded, hexadecimal, quoted in JSON (also twice), in
// HTML, and line by line. Matches that overlap are replaced as one. Memory is bounded by the longest form.
//
// Secrets of fewer than Shortest bytes are not looked for by their value: they would match by chance everywhere, and a mark
// in the place of every "dev" says what the secret is. Only the name of their setting hides them. Archives name them.
//
// # Patterns
//
// What assay does not know is hidden by what it looks like: keys of well-known forms, JWTs, private keys, passwords in
// addresses, whatever follows Authorization, and values of settings and options with names such as API_KEY, PGPASSWORD,
// --password. That guesses, both ways. Everything is linear in the length of the text.
//
// A manifest can hold a secret in plain text: an environment variable, or an option of a server. Settings finds those by
// their names (API_KEY, --hf-token), replaces the values, and returns them, so that a Writer can hide them elsewhere.
package redact
