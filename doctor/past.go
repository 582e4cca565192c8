package doctor

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// backupOld is after how long a backup holds too little of what was decided since.
const backupOld = 14 * 24 * time.Hour

// Backup says how old the last backup is; zero: none was made for a month.
func Backup(last, now time.Time) Finding {
	switch age := now.Sub(last); {
	case last.IsZero():
		return note("doctor.backup_none")
	case age > backupOld:
		return note("doctor.backup_old", "days", int(age.Hours()/24))
	}
	return good("doctor.backup")
}

// KeysLost is what there is to say when posts were found without keys at the start.
func KeysLost(posts int) []Finding {
	if posts == 0 {
		return nil
	}
	return []Finding{warn("doctor.keys_lost", "n", posts)}
}

// KeysGone compares rows of posts with the keys folder, before a start does: a start
// without the keys buries the posts.
func KeysGone(keys string, posts int) []Finding {
	if _, err := os.Stat(filepath.Join(keys, "posts.keys")); posts == 0 || !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return []Finding{bad("doctor.keys_gone", "path", keys)}
}
