package drivers

// FileSystem is what a storage run measured, as the first node's kernel and Lustre's tool said before it. What is not known is
// missing, and Absent says why.
type FileSystem struct {
	Type       string            `json:"type"`             // lustre, ext4, nfs4, tmpfs …
	Mount      string            `json:"mount,omitempty"`  // where it is mounted
	Source     string            `json:"source,omitempty"` // what is mounted: a device, or server:/path
	Bytes      int64             `json:"bytes,omitempty"`
	FreeBytes  int64             `json:"freeBytes,omitempty"`  // for this user, without quotas
	FreeInodes int64             `json:"freeInodes,omitempty"` // 0: it has no fixed number of inodes, or none are left
	Stripes    *Stripes          `json:"stripes,omitempty"`    // Lustre only
	Device     *BlockDevice      `json:"device,omitempty"`     // of a file system on a disk of the node
	Absent     map[string]string `json:"absent,omitempty"`     // field -> why it is missing
}

// Stripes is the layout that new files in a directory of Lustre get.
type Stripes struct {
	Count int64  `json:"count"` // -1: all OSTs
	Size  int64  `json:"size"`  // bytes
	Pool  string `json:"pool,omitempty"`
}

// BlockDevice is the disk below a file system.
type BlockDevice struct {
	Name       string `json:"name"`            // nvme0n1
	Model      string `json:"model,omitempty"` // as the device says
	Rotational bool   `json:"rotational"`      // as the kernel believes; virtual disks often claim it
}
