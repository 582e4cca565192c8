package doctor

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// kinds are file systems by the magic number that statfs gives.
var kinds = map[uint32]disk{
	unix.TMPFS_MAGIC:           {name: "tmpfs", kind: memory},
	unix.RAMFS_MAGIC:           {name: "ramfs", kind: memory},
	unix.EXT4_SUPER_MAGIC:      {name: "ext4", kind: inPlace}, // and ext2, ext3
	unix.XFS_SUPER_MAGIC:       {name: "xfs", kind: inPlace},
	unix.BTRFS_SUPER_MAGIC:     {name: "btrfs", kind: copies},
	0x2FC12FC1:                 {name: "zfs", kind: copies},
	0xCA451A4E:                 {name: "bcachefs", kind: copies},
	unix.F2FS_SUPER_MAGIC:      {name: "f2fs", kind: copies},
	unix.NILFS_SUPER_MAGIC:     {name: "nilfs2", kind: copies},
	unix.OVERLAYFS_SUPER_MAGIC: {name: "overlay", kind: layer},
	unix.NFS_SUPER_MAGIC:       {name: "nfs", kind: network},
	unix.CIFS_SUPER_MAGIC:      {name: "cifs", kind: network},
	unix.SMB2_SUPER_MAGIC:      {name: "smb", kind: network},
	unix.SMB_SUPER_MAGIC:       {name: "smb", kind: network},
	unix.CEPH_SUPER_MAGIC:      {name: "ceph", kind: network},
	unix.AFS_SUPER_MAGIC:       {name: "afs", kind: network},
	unix.FUSE_SUPER_MAGIC:      {name: "fuse", kind: network},
	unix.V9FS_MAGIC:            {name: "9p", kind: network},
}

// diskOf asks the kernel what a folder lies on.
func diskOf(path string) (disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return disk{}, err
	}
	d := kindOf(uint32(st.Type))          //nolint:gosec // its 32 bits, however the system signs them
	d.free = st.Bavail * uint64(st.Bsize) //nolint:gosec // no block is of less than nothing
	return d, nil
}

func kindOf(magic uint32) disk {
	if d, known := kinds[magic]; known {
		return d
	}
	return disk{name: fmt.Sprintf("%#x", magic)}
}

// ForbidDumps has the kernel write no image of this process, and lets no other process
// of its user read its memory: no key gets to a disk by a crash.
func ForbidDumps() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	return nil
}

// dumps says whether a crash of this process would be written down. A limit of 0 does
// not stop the program that /proc/sys/kernel/core_pattern may pipe it to.
func dumps() bool {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &limit); err != nil || limit.Cur > 0 {
		return true
	}
	dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	return err != nil || dumpable != 0
}
