// Package live shows people how far things are while they wait: a block of rows that is redrawn in place on a terminal, and a
// line for each change elsewhere.
//
//	row.go      Row: one object on a terminal; Class: how much it matters; Line: a change where there is no terminal
//	fit.go      Fit: rows -> as many lines as there is room for, by importance
//	line.go     one row in a number of columns, with its bar
//	display.go  Display: draws, and keeps what is printed meanwhile above the block
//
// Fit is pure: rows and a size go in, lines come out, never more than fit and none wider than the terminal. When there are too
// many rows, those that have finished are summed up first ("12 services Ready"), then those that wait; what failed, what nobody
// knows and what is in progress keep their line the longest.
//
// The block is never higher than the terminal, so that nothing of it scrolls away before it can be redrawn. When the display
// ends its last drawing stays, once.
package live
