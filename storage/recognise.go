package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"

	"github.com/mattn/go-sqlite3"
)

// recognise refuses a file that is no database of ours, before anything in it changes.
// An empty one, and one without tables, is the beginning of one.
func recognise(ctx context.Context, path string) (err error) {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return err
	}
	db := sql.OpenDB(connector{driver: &sqlite3.SQLiteDriver{}, dsn: dsnOf(path, url.Values{"mode": {"ro"}, "_busy_timeout": {"1000"}})})
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	const find = `
		SELECT name
		FROM sqlite_master
		WHERE type = 'table' AND name NOT LIKE 'sqlite%'`
	tables, err := all(ctx, db, func(scan scanner) (name string, err error) { return name, scan(&name) }, find)
	switch code, _ := errors.AsType[sqlite3.Error](err); {
	case code.Code == sqlite3.ErrNotADB:
		return foreignError(path)
	case code.Code == sqlite3.ErrCorrupt:
		return fmt.Errorf("%s is damaged (%w); move it away, and restore a backup with mayfly restore", path, err)
	case err != nil:
		return wrap("open "+path, err)
	}
	begun := slices.Equal(tables, []string{"goose_db_version"}) // a first start that was cut short
	if len(tables) > 0 && !begun && !slices.Contains(tables, "key_file") {
		return foreignError(path)
	}
	return nil
}

func foreignError(path string) error {
	return fmt.Errorf("%s is no database of Mayfly's, and was left as it is; move it away, or give another --data folder", path)
}
