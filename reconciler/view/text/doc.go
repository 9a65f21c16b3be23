// Package text writes for people: tables, ages, sizes and progress. It knows nothing of what it shows.
//
//	table.go     Table: aligned; TSV: separated by tabs
//	terminal.go  IsTerminal; Size, Columns and Resized: how large one is
//	width.go     how many columns a text takes, and texts that are cut to some
//	tone.go      which colour a cell of a table gets
//	keys.go      Keys: what is typed, key by key; Page: a whole terminal
//	words.go     Duration, Age, Left, Bytes, Dash: one cell of a table; Command: a command that can be pasted into a shell
//	colour.go    Colours: whether a stream gets some; Paint: a word in one
//	screen.go    Screen: an output that shows what others said as plain text
//	progress.go  Progress: one line that says how far something is
//
// Data goes to standard output and talk to standard error; callers hand in the stream.
//
// Dependencies: golang.org/x/term tells a terminal from a pipe; github.com/rivo/uniseg knows which characters take two columns,
// and which none.
package text
