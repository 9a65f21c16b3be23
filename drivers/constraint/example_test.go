package constraint_test

import (
	"errors"
	"fmt"

	"assay/drivers/constraint"
)

// Check accepts a whole output, and tells one that was cut from one that is wrong.
func ExampleCompiled_Check() {
	c, err := constraint.Compile(constraint.Constraint{Regex: `\w+@\w+\.com\n`})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, output := range []string{"ada@example.com\n", "ada@exam", "ada at example.com\n"} {
		switch v, wrong := errors.AsType[*constraint.Violation](c.Check(output)); {
		case !wrong:
			fmt.Printf("%q satisfies it\n", output)
		case v.Truncated:
			fmt.Printf("%q was cut\n", output)
		default:
			fmt.Println(v)
		}
	}
	// Output:
	// "ada@example.com\n" satisfies it
	// "ada@exam" was cut
	// "ada at example.com\n" does not match \w+@\w+\.com\n
}
