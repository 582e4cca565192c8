package storage

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3"
)

// Table is one of the database, with its columns in their order.
type Table struct {
	Name    string
	Columns []string
}

// Schema lists every table that is in the database of dataDir, ours or not, beside a
// server or without one. It changes nothing there. Without a database its error is
// fs.ErrNotExist.
func Schema(ctx context.Context, dataDir string) (tables []Table, err error) {
	path := filepath.Join(dataDir, "mayfly.db")
	if _, err := os.Stat(path); err != nil {
		return nil, wrap("read tables", err)
	}
	if err := recognise(ctx, path); err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector{driver: &sqlite3.SQLiteDriver{ConnectHook: prepare}, dsn: dsnOf(path, url.Values{"mode": {"ro"}})})
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	const q = `
		SELECT t.name, c.name
		FROM sqlite_schema AS t
		JOIN pragma_table_info(t.name) AS c
		WHERE t.type = 'table'
		ORDER BY t.name, c.cid`
	type column struct{ table, name string }
	columns, err := all(ctx, db, func(scan scanner) (c column, err error) { return c, scan(&c.table, &c.name) }, q)
	for _, c := range columns {
		if n := len(tables); n == 0 || tables[n-1].Name != c.table {
			tables = append(tables, Table{Name: c.table})
		}
		last := &tables[len(tables)-1]
		last.Columns = append(last.Columns, c.name)
	}
	return tables, wrap("read tables", err)
}
