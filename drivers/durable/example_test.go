package durable_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"assay/drivers/durable"
)

// A claim is created once: of several processes that create it, one wins, and the others see who did.
func Example() {
	type claim struct {
		Node string `json:"node"`
	}
	dir, err := os.MkdirTemp("", "durable-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "claim.json")

	var w durable.Writer
	fmt.Println("n1:", w.CreateRecord(path, claim{"n1"}, nil))
	err = w.CreateRecord(path, claim{"n2"}, nil)
	fmt.Println("n2 came too late:", errors.Is(err, fs.ErrExist))

	b, _ := durable.Read(path, durable.MaxRecord)
	fmt.Printf("%s", b)
	var c claim
	err = durable.ReadRecord(path, &c)
	fmt.Println("claimed by", c.Node, err)
	// Output:
	// n1: <nil>
	// n2 came too late: true
	// {
	//  "schema": 1,
	//  "node": "n1"
	// }
	// claimed by n1 <nil>
}

// What a newer assay wrote is refused by name, never misread.
func ExampleDecode() {
	err := durable.Decode("claim.json", []byte(`{"schema": 2, "node": {"name": "n1"}}`), new(struct{}))
	fmt.Println(errors.Is(err, durable.ErrNewer))
	fmt.Println(err)
	// Output:
	// true
	// claim.json has schema 2 and this assay reads up to 1: written by a newer assay; use the assay that wrote it, or a later one
}
