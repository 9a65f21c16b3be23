package io500

import "fmt"

// What the program prints is read line by line, whatever else stands among them.
func Example_parseOutput() {
	printed := parseOutput(`IO500 version io500-sc24 (standard)
[RESULT]       ior-easy-write        1.116047 GiB/s : time 301.236 seconds
ERROR INVALID (src/phase_mdtest.c) the phase was too short
[RESULT]    mdtest-easy-write        9.412600 kIOPS : time 12.514 seconds [INVALID]
[SCORE INVALID] Bandwidth 0.9 GiB/s : IOPS 3.6 kiops : TOTAL 1.8 [INVALID]
`)
	for _, p := range printed.phases {
		fmt.Println(p.Name, p.Value.Value, p.Unit, p.Seconds, "s, invalid:", p.invalid)
	}
	fmt.Println("score", printed.scores[0].total, printed.errors[0])
	// Output:
	// ior-easy-write 1.116047 GiB/s 301.236 s, invalid: false
	// mdtest-easy-write 9.4126 kIOPS 12.514 s, invalid: true
	// score 1.8 ERROR INVALID (src/phase_mdtest.c) the phase was too short
}
