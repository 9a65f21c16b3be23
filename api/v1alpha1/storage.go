package v1alpha1

import (
	"cmp"
	"fmt"
	"time"
)

// Storage measures a directory with the twelve phases of IO500. Engine io500 runs the io500 program under srun; native
// is assay's own, with the same phases. Their scores are never mixed.
type Storage struct {
	Engine       string   `json:"engine,omitempty" validate:"omitempty,oneof=io500 native"` // default native
	Nodes        int      `json:"nodes,omitempty" validate:"gte=0,lte=10000"`               // default 1
	TasksPerNode int      `json:"tasksPerNode,omitempty" validate:"gte=0,lte=1024"`         // default 1
	Stonewall    Duration `json:"stonewall,omitempty" validate:"gte=0"`                     // of every write phase; default 5m, the least that IO500 takes as valid
	// The sizes bound what is written; each is per task, and zero is IO500's own: as much as the stonewall allows.
	BlockSize    Quantity `json:"blockSize,omitempty" validate:"gte=0"`    // ior-easy
	TransferSize Quantity `json:"transferSize,omitempty" validate:"gte=0"` // ior-easy; default 2Mi
	Segments     int      `json:"segments,omitempty" validate:"gte=0"`     // ior-hard, of 47008 bytes
	Files        int      `json:"files,omitempty" validate:"gte=0"`        // mdtest
	// Direct has the native engine write and read ior-easy past the page cache (O_DIRECT), where the file system can.
	Direct  bool     `json:"direct,omitempty"`
	Command []string `json:"command,omitempty"` // default [io500]
	MPI     string   `json:"mpi,omitempty"`     // srun's --mpi; default: by what the program links
	Seed    int64    `json:"seed,omitempty"`
}

func defaultStorage(s Storage) *Storage {
	s.Engine = cmp.Or(s.Engine, "native")
	s.Nodes = cmp.Or(s.Nodes, 1)
	s.TasksPerNode = cmp.Or(s.TasksPerNode, 1)
	s.Stonewall = cmp.Or(s.Stonewall, 5*minute)
	s.TransferSize = cmp.Or(s.TransferSize, 2<<20)
	if s.Engine == "io500" && len(s.Command) == 0 {
		s.Command = []string{"io500"}
	}
	return &s
}

func (c *checker) storage(path string, s Storage) {
	if s.Engine == "native" {
		for name, given := range map[string]bool{"command": len(s.Command) > 0, "mpi": s.MPI != ""} {
			if given {
				c.bad(path+"."+name, "has no meaning for engine: native", "remove it, or write engine: io500")
			}
		}
	}
	if s.Engine == "io500" && s.Stonewall%Duration(time.Second) != 0 {
		c.bad(path+".stonewall", fmt.Sprintf("%s is not a number of whole seconds, which io500 needs", s.Stonewall), "")
	}
	if s.Engine == "io500" && s.Direct {
		c.bad(path+".direct", "has no meaning for engine: io500", "remove it, or write engine: native")
	}
	if s.Direct && s.TransferSize%(64<<10) != 0 {
		c.bad(path+".transferSize", fmt.Sprintf("%s is not a multiple of 64Ki, which direct needs on every node's page size", s.TransferSize), "")
	}
	if s.BlockSize > 0 && s.BlockSize%s.TransferSize != 0 {
		c.bad(path+".blockSize", fmt.Sprintf("%s is not a multiple of transferSize, which is %s", s.BlockSize, s.TransferSize), "")
	}
}
