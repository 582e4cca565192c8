package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"mayfly/board"
)

// Health is how a database stands, for whoever looks after it.
type Health struct {
	Version, Newest int       // of its tables, and of those that this program makes
	Astray          []Pragma  // that are not as Mayfly needs them
	Snapshots       string    // the setting; "": it was never set
	Posts           int       // rows of them, whether they have ended or not
	Backup          time.Time // when the last one was made, or restored; zero: not within board.AuditTime
}

// Pragma is one by its name, as it is and as it should be.
type Pragma struct{ Name, Is, Should string }

// Inspect looks at the database in dataDir, beside a server or without one. It changes
// nothing there. Without a database its error is fs.ErrNotExist.
func Inspect(ctx context.Context, dataDir string) (h Health, err error) {
	file := filepath.Join(dataDir, "mayfly.db")
	if _, err := os.Stat(file); err != nil {
		return Health{}, fmt.Errorf("inspect database: %w", err)
	}
	db := sql.OpenDB(connector{driver: &sqlite3.SQLiteDriver{ConnectHook: prepare}, dsn: dsnOf(file, url.Values{"mode": {"ro"}})})
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, p := range slices.Concat(filePragmas, connPragmas) {
		var is string
		if err := db.QueryRowContext(ctx, "PRAGMA "+p.name).Scan(&is); err != nil {
			return Health{}, fmt.Errorf("inspect database: pragma %s: %w", p.name, err)
		}
		if is != p.value {
			h.Astray = append(h.Astray, Pragma{p.name, is, p.value})
		}
	}
	if h.Version, err = tablesVersion(ctx, db); err != nil {
		return Health{}, fmt.Errorf("inspect database: %w", err)
	}
	if h.Snapshots, err = snapshots(ctx, db); err != nil {
		return Health{}, fmt.Errorf("inspect database: %w", err)
	}
	if h.Newest, err = newest(); err != nil || h.Version != h.Newest {
		return h, err
	}
	const q = `
		SELECT (
			SELECT count(*)
			FROM posts
		), (
			SELECT COALESCE(MAX(at), 0)
			FROM audit
			WHERE action IN ($1, $2)
		)`
	var at int64
	if err := db.QueryRowContext(ctx, q, board.ActBackup, board.ActRestore).Scan(&h.Posts, &at); err != nil {
		return Health{}, fmt.Errorf("inspect database: %w", err)
	}
	if at > 0 {
		h.Backup = millis(at)
	}
	return h, nil
}

// snapshots is the setting of that name, which is one for all boards.
func snapshots(ctx context.Context, db *sql.DB) (value string, err error) {
	const q = `
		SELECT value
		FROM settings
		WHERE name = 'snapshots'`
	err = db.QueryRowContext(ctx, q).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return value, err
}

// prepare asks a connection for what each of a server's asks for, and does not insist.
func prepare(conn *sqlite3.SQLiteConn) error {
	busy := pragma{"busy_timeout", strconv.FormatInt(busyTime.Milliseconds(), 10)}
	for _, p := range slices.Concat([]pragma{busy}, connPragmas) {
		if _, err := conn.Exec("PRAGMA "+p.name+"="+p.value, []driver.Value{}); err != nil {
			return fmt.Errorf("pragma %s: %w", p.name, err)
		}
	}
	return nil
}

// newest is the version of the tables that this program makes.
func newest() (version int, err error) {
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil || len(names) == 0 {
		return 0, fmt.Errorf("migrations: %w", errors.Join(err, fs.ErrNotExist))
	}
	number, _, _ := strings.Cut(path.Base(slices.Max(names)), "_")
	return strconv.Atoi(number)
}

// Tables are the names of the tables there are, in their order.
func (s *Store) Tables(ctx context.Context) (names []string, err error) {
	const q = `
		SELECT name
		FROM sqlite_schema
		WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
		ORDER BY name`
	err = s.read(ctx, func(ctx context.Context, db querier) (err error) {
		names, err = all(ctx, db, scanName, q)
		return err
	})
	return names, wrap("list tables", err)
}

func scanName(scan scanner) (name string, err error) {
	err = scan(&name)
	return name, err
}
