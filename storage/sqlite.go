package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/mattn/go-sqlite3"
	"github.com/pressly/goose/v3"
	"golang.org/x/sys/unix"

	"mayfly/board"
	"mayfly/storage/keys"
)

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

const (
	readerConns = 4
	// busyTime is how long a connection waits for a lock that another process holds.
	busyTime = time.Second
	// asideBusyTime is shorter: posts wait while the journal is emptied.
	asideBusyTime = 100 * time.Millisecond
)

// OpenSQLite opens the database in dataDir, or begins one, brings its tables up to
// date, and compares rows with keys: a key without a row (a birth that was never
// answered) is destroyed, a row without a key is no row and waits for Bury. Sweep
// before anybody reads. ctx is for the opening alone.
func OpenSQLite(ctx context.Context, dataDir string, keyStore *keys.Store, log *slog.Logger) (*Store, error) {
	return open(ctx, dataDir, keyStore, log, nil)
}

// open takes a wrapper for connections beside, so that tests can make them fail.
func open(ctx context.Context, dataDir string, keyStore *keys.Store, log *slog.Logger, wrap func(driver.Conn) driver.Conn) (*Store, error) {
	s, err := connect(ctx, dataDir, log, wrap)
	if err != nil {
		return nil, orFull(dataDir, err)
	}
	s.keys = keyStore
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(orFull(dataDir, fmt.Errorf("open database: %w", err)), s.closeFiles())
	}
	s.working.Go(s.commitAll)
	s.working.Go(s.tidyAll)
	return s, nil
}

// connect readies the pools; nothing has been asked yet.
func connect(ctx context.Context, dataDir string, log *slog.Logger, wrap func(driver.Conn) driver.Conn) (*Store, error) {
	path := filepath.Join(dataDir, "mayfly.db")
	if err := moved(dataDir); err != nil {
		return nil, err
	}
	if err := makeFile(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := recognise(ctx, path); err != nil {
		return nil, err
	}
	s := &Store{
		log:     log,
		path:    path,
		writer:  openPool(1, writes(path, busyTime), wrap),
		readers: openPool(readerConns, reads(path), wrap),
		digger:  openPool(1, buries(path), wrap),
		aside:   openPool(1, writes(path, asideBusyTime), wrap),
		queue:   make(chan *op, queueMax),
		tidy:    make(chan struct{}, 1),
	}
	s.gate.open()
	s.feeds.version, s.threads.version, s.prompts.version = &s.version, &s.version, &s.version
	return s, nil
}

// begin is all that must be right before the first question.
func (s *Store) begin(ctx context.Context) error {
	if err := s.lockFolder(); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	if err := s.pair(ctx); err != nil {
		return err
	}
	if err := s.compare(ctx); err != nil {
		return err
	}
	rows, err := readBoards(ctx, s.writer)
	list := infos(rows)
	s.boards.Store(&list)
	if err != nil {
		return wrap("read boards", err)
	}
	notices, err := readNotices(ctx, s.writer)
	s.notices.Store(&notices)
	return wrap("read notices", err)
}

// makeFile makes sure that the database is there for this user alone; SQLite
// gives its journal the same mode.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		// Not opened: to close it would give up the locks that SQLite holds on it.
		return os.Chmod(path, 0o600)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// lockFolder keeps a second server out of the data folder: with a folder of keys
// of its own it would take every row for one without a key. Whoever asks for the
// settings alone needs no lock.
func (s *Store) lockFolder() (err error) {
	s.folder, err = lock(filepath.Dir(s.path))
	return err
}

// lock keeps a data folder from every other server, until what it returns is closed.
func lock(folder string) (*os.File, error) {
	dir, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			err = fmt.Errorf("another mayfly is using %s", dir.Name())
		}
		return nil, errors.Join(err, dir.Close())
	}
	return dir, nil
}

// connector opens connections that are all set up alike. A pragma sent through a
// pool would reach one connection only.
type connector struct {
	driver *sqlite3.SQLiteDriver
	dsn    string
	wrap   func(driver.Conn) driver.Conn
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil || c.wrap == nil {
		return conn, err
	}
	return c.wrap(conn), nil
}

// manner is how the connections of a pool are set up.
type manner struct {
	path     string
	readOnly bool
	sync     string // the pragma synchronous
	cache    string // the pragma cache_size: how many KiB of pages stay in memory, negative
	busy     time.Duration
}

const (
	syncFull   = "2" // on the disk when it is committed
	syncNormal = "1" // with the next that is synced

	cacheUsual = "-2000" // SQLite's own
	// cacheLarge holds what a transaction of a burial touches, a thousand pages, and the upper
	// pages of all indexes. Bury gives it back.
	cacheLarge = "-16000"
)

func reads(path string) manner { return manner{path, true, syncFull, cacheUsual, busyTime} }

func writes(path string, busy time.Duration) manner {
	return manner{path, false, syncFull, cacheUsual, busy}
}

// buries is for deletions that may be lost with the power: the keys are gone, and the next
// start buries what it finds without.
func buries(path string) manner { return manner{path, false, syncNormal, cacheLarge, busyTime} }

func openPool(conns int, as manner, wrap func(driver.Conn) driver.Conn) *sql.DB {
	options := url.Values{"mode": {"rw"}, "_stmt_cache_size": {"64"}, "_txlock": {"immediate"}}
	if as.readOnly {
		options = url.Values{"mode": {"ro"}, "_stmt_cache_size": {"64"}, "_query_only": {"1"}}
	}
	db := sql.OpenDB(connector{
		driver: &sqlite3.SQLiteDriver{ConnectHook: as.setUp},
		dsn:    dsnOf(as.path, options),
		wrap:   wrap,
	})
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db
}

func dsnOf(path string, options url.Values) string {
	dsn := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}
	return dsn.String()
}

type pragma struct{ name, value string }

// filePragmas belong to the database: the writer sets them, readers find them.
// auto_vacuum comes first, for it can't be had any more once the journal is a WAL.
var filePragmas = []pragma{
	{"auto_vacuum", "2"},
	{"journal_mode", "wal"},
}

// connPragmas belong to each connection.
var connPragmas = []pragma{
	{"secure_delete", "1"},
	{"foreign_keys", "1"},
	{"temp_store", "2"},
	{"mmap_size", "0"},
	{"journal_size_limit", "0"},
	{"trusted_schema", "0"},
	{"cell_size_check", "1"},
	{"wal_autocheckpoint", "0"},
}

// setUp sets every pragma and reads it back.
func (m manner) setUp(conn *sqlite3.SQLiteConn) error {
	own := []pragma{{"busy_timeout", strconv.FormatInt(m.busy.Milliseconds(), 10)}, {"synchronous", m.sync}, {"cache_size", m.cache}}
	set := slices.Concat(own, filePragmas, connPragmas)
	if m.readOnly {
		set = slices.Concat(own, connPragmas)
	}
	for _, p := range set {
		if _, err := conn.Exec("PRAGMA "+p.name+"="+p.value, nil); err != nil {
			return fmt.Errorf("pragma %s: %w", p.name, err)
		}
	}
	for _, p := range slices.Concat(own, filePragmas, connPragmas) {
		got, err := readPragma(conn, p.name)
		if err != nil {
			return fmt.Errorf("pragma %s: %w", p.name, err)
		}
		if got != p.value {
			return fmt.Errorf("this SQLite, or this database, keeps %s=%s where Mayfly needs %s; what has ended would not be gone, so it does not start", p.name, got, p.value)
		}
	}
	return nil
}

func readPragma(conn *sqlite3.SQLiteConn, name string) (value string, err error) {
	rows, err := conn.Query("PRAGMA "+name, nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); err != nil {
		return "", err
	}
	return fmt.Sprint(row[0]), nil
}

// migrate brings the tables to the newest shape, and refuses those of a newer
// program.
func (s *Store) migrate(ctx context.Context) error {
	list, err := steps()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, s.writer, nil, goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(list...))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := newerError(s.path, int(current), int(newest)); err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return wrap(fmt.Sprintf("migrate to version %d", newest), err)
}

// orFull is err or, where the disk is too full to begin, what would do.
func orFull(dataDir string, err error) error {
	refused, ok := errors.AsType[*board.Error](wrap("begin", err))
	if !ok || refused.Kind != board.Full {
		return err
	}
	return fmt.Errorf("the disk of %s is too full to start; nothing in it is lost: free some room and start again (%w)", dataDir, refused.Err)
}

// steps are the migrations. SQLite reads each file whole: goose's own reader takes it
// apart line by line, with 4 MB for each.
func steps() ([]*goose.Migration, error) {
	names, err := fs.Glob(migrations, "migrations/sqlite/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]*goose.Migration, len(names))
	for i, name := range names {
		version, err := goose.NumericComponent(name)
		if err != nil {
			return nil, fmt.Errorf("migrations: %w", err)
		}
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		list[i] = goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, string(text))
			return err
		}}, nil)
	}
	return list, nil
}

// pair makes sure that the keys are those of these rows. A file without keys (a
// new one: the folder was in memory and the machine was off) is taken as it is.
func (s *Store) pair(ctx context.Context) error {
	const find = `
		SELECT id
		FROM key_file
		WHERE one = 1`
	var known []byte
	err := s.writer.QueryRowContext(ctx, find).Scan(&known)
	id := s.keys.ID()
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("match keys: %w", err)
	case string(known) == string(id[:]):
		return nil
	case len(s.keys.Refs()) > 0:
		return fmt.Errorf("the keys in %s belong to another data folder than %s, and would be destroyed; give the folders that belong together, or delete the keys", s.keys.Dir(), filepath.Dir(s.path))
	}
	s.fresh = len(known) > 0
	const save = `
		INSERT INTO key_file (one, id)
		VALUES (1, $1)
		ON CONFLICT (one) DO UPDATE SET id = excluded.id`
	if _, err := s.writer.ExecContext(ctx, save, id[:]); err != nil {
		return fmt.Errorf("match keys: %w", err)
	}
	return nil
}

// Lost counts posts that would live at now and are gone, for the keys that these rows
// had before were not there. Ask before the first Bury.
func (s *Store) Lost(ctx context.Context, now time.Time) (posts int, err error) {
	if !s.fresh {
		return 0, nil
	}
	const q = `
		SELECT count(*)
		FROM posts
		WHERE ends_at > $1`
	err = s.writer.QueryRowContext(ctx, q, now.UnixMilli()).Scan(&posts)
	return posts, wrap("count what is lost", err)
}

// compare holds rows and keys against each other and gives each key its end.
func (s *Store) compare(ctx context.Context) error {
	orphans := map[keys.Ref]bool{}
	for _, r := range s.keys.Refs() {
		orphans[r] = true
	}
	keyless := 0
	meet := func(ref keys.Ref, id board.PostID, isReply bool, endsAt time.Time) {
		delete(orphans, ref)
		s.keys.SetEnds(ref, endsAt)
		if !s.keys.Has(ref) {
			keyless++
			s.byHand.add(id, isReply)
		}
	}
	if err := s.comparePosts(ctx, meet); err != nil {
		return fmt.Errorf("compare rows with keys: %w", err)
	}
	if err := s.compareReplies(ctx, meet); err != nil {
		return fmt.Errorf("compare rows with keys: %w", err)
	}
	meetRef := func(ref keys.Ref, endsAt time.Time) {
		delete(orphans, ref)
		s.keys.SetEnds(ref, endsAt)
	}
	if err := s.compareClaims(ctx, meetRef); err != nil {
		return fmt.Errorf("compare rows with keys: %w", err)
	}
	if err := s.compareCirclePosts(ctx, meetRef); err != nil {
		return fmt.Errorf("compare rows with keys: %w", err)
	}
	if err := errors.Join(s.compareMessages(ctx, meetRef), s.compareChats(ctx)); err != nil {
		return fmt.Errorf("compare rows with keys: %w", err)
	}
	for r := range orphans {
		s.keys.Drop(r)
	}
	if keyless+len(orphans) > 0 {
		s.log.WarnContext(ctx, "rows and keys were compared", "rows_without_key", keyless, "keys_without_row", len(orphans))
	}
	if err := s.keys.Erase(); err != nil {
		s.log.ErrorContext(ctx, "keys without rows are not off the disk yet; the sweeper tries again", "err", err)
	}
	return nil
}

type meeting func(ref keys.Ref, id board.PostID, isReply bool, endsAt time.Time)

func (s *Store) comparePosts(ctx context.Context, meet meeting) error {
	const q = `
		SELECT id, slot, gen, ends_at, COALESCE(readers = 0, 0)
		FROM posts`
	return each(ctx, s.writer, func(scan scanner) error {
		var id []byte
		var slot, gen, endsAt int64
		var spent bool
		if err := scan(&id, &slot, &gen, &endsAt, &spent); err != nil {
			return err
		}
		if spent { // the last opening was counted, and its key not yet destroyed
			s.keys.Drop(ref(slot, gen))
		}
		meet(ref(slot, gen), board.PostID(id), false, millis(endsAt))
		return nil
	}, q)
}

// compareReplies gives a reply's key its cap as end: its thread's key ends it. Where
// that is gone, so is the reply's: an Erase of both was cut short between them.
func (s *Store) compareReplies(ctx context.Context, meet meeting) error {
	const q = `
		SELECT r.id, r.slot, r.gen, p.slot, p.gen, p.cap_at
		FROM replies r
		JOIN posts p ON p.seq = r.thread`
	return each(ctx, s.writer, func(scan scanner) error {
		var id []byte
		var slot, gen, rootSlot, rootGen, capAt int64
		if err := scan(&id, &slot, &gen, &rootSlot, &rootGen, &capAt); err != nil {
			return err
		}
		if !s.keys.Has(ref(rootSlot, rootGen)) {
			s.keys.Drop(ref(slot, gen))
		}
		meet(ref(slot, gen), board.PostID(id), true, millis(capAt))
		return nil
	}, q)
}
