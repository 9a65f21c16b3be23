// Package bounded reads what servers and programs say, up to a limit in bytes: what has more is an error that names the
// limit (*TooLarge), never a part that passes for the whole, and never all of the memory.
//
//	read.go    ReadAll, Body, TooLarge
//	budget.go  Budget: what all the answers of one run can have together
//	client.go  Client: an HTTP client whose answers, headers and redirects are bounded
//	output.go  Output, Combined and Tail: what a program prints
//	little.go  Little: a program that prints little, and is run many times a second
//
// # Over HTTP
//
// An answer is unpacked by nobody: a client of this package asks for no compression, and a body that is compressed all the
// same stays what it is, so that a small answer cannot become a large one. Headers have a limit of their own.
//
// A redirect is followed to the same scheme, host and port only, and without credentials: net/http itself takes a header such
// as Authorization along to another port of the same host. To any other place it is not followed; the answer then is the
// redirect itself.
//
// # Time
//
// Limits in bytes do not end a server that sends one byte a minute. Every caller gives a context that ends; Output does so
// too.
package bounded
