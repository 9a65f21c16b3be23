// Package plain makes text of others harmless to look at: what a server, a program or a file says can hold sequences that move
// a terminal's cursor, change its title or its clipboard, draw a link over another address, or turn the direction of a line.
//
//	plain.go   Text and Line: a whole text
//	writer.go  Writer: a stream
//	cell.go    Cell and Markdown: where a spreadsheet or a Markdown page takes text for a formula, a link or HTML
//
// Line ends and tabs stay, letters of all scripts stay. Colours (ESC [ … m) are left out, because servers log with them. All
// other control characters become visible as \u001b, which in JSON is the same character again: C0 and C1, DEL, the controls of
// direction (U+202A-202E, U+2066-2069, marks), zero-width and other format characters, line and paragraph separators. The
// joiners U+200C and U+200D, which some scripts and emoji need, stay between characters that are not ASCII. What is not UTF-8
// becomes U+FFFD. A carriage return begins a new line: it would overwrite the one before.
package plain
