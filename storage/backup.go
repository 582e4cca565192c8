package storage

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A backup is text of UTF-8, a line each (docs/operating.md, "The file"):
//
//	mayfly backup 1
//	{"tables":14,"program":"v0.1.0","made":"2026-06-01T12:00:00Z"}
//	{"table":"boards","row":{"slug":"home",…}}
//	…
//	sha256 and the sum of all lines above, in hex
//
// A value is a number, a string, null or, for bytes, {"hex":"…"}.
const (
	backupLine = "mayfly backup "
	backupForm = 1
	sumLine    = "sha256 "
	// backupMax is more than any board's settings and log come to.
	backupMax = 64 << 20
)

// portion is what of a table a backup carries.
type portion struct {
	table   string
	columns []string
	where   string // "": every row
}

// carried is what a host has decided, in an order in which it can be stored again. A
// column that this version has not is not asked for.
var carried = []portion{
	{table: "boards", columns: []string{"slug", "title", "rules", "closes_at", "place", "ending", "greeted", "asked_at"}},
	{table: "settings", columns: []string{"board", "name", "value"}},
	{table: "filters", columns: []string{"seq", "board", "text", "pattern", "action"}},
	{table: "questions", columns: []string{"seq", "board", "kind", "body", "sponsored", "ttl"}, where: "ending = 0"},
	{table: "admins", columns: []string{"name", "owner", "hash", "seed", "step"}},
	{table: "doors", columns: []string{"board", "epoch", "phrase"}},
	{table: "outset", columns: []string{"one", "done_at"}},
	{table: "audit", columns: []string{"seq", "at", "name", "old_value", "new_value", "who", "board", "unset", "action", "reason"}},
}

// leftOut is what no backup holds, and why: whole tables, and columns of those that are
// carried. A table that is in neither list fails a test.
var leftOut = map[string]string{
	"posts":            "what people wrote",
	"replies":          "what people wrote",
	"parts":            "their pictures",
	"votes":            "ends with its thread",
	"voices":           "ends with its thread",
	"openings":         "ends with its thread",
	"reports":          "ends with its post",
	"traces":           "that something ended, for ten minutes",
	"notices":          "what its author is told of a removal",
	"claims":           "what people gave notice of",
	"questions.post":   "its post stays behind; it is asked anew",
	"questions.ending": "what is to end is not carried",
	"circles":          "what their members alone can read",
	"circle_members":   "who holds a key of one",
	"circle_outs":      "who wants whom out",
	"circle_links":     "lead from key to key",
	"circle_invites":   "what was used up since would work again",
	"circle_posts":     "what people wrote",
	"circle_votes":     "ends with its thread",
	"circle_voices":    "ends with its thread",
	"circle_reports":   "ends with its post",
	"chats":            "end with their post",
	"chat_messages":    "what people wrote",
	"chat_reports":     "ends with its post",
	"passes":           "sessions, devices, links and keys of programs let somebody in",
	"door_codes":       "what was used up since would work again",
	"storms":           "raid mode is of the moment",
	"key_file":         "which keys belong to these rows: none do",
	"goose_db_version": "the first line says it",
}

// BackupInfo is what a backup says of itself.
type BackupInfo struct {
	Tables  int       `json:"tables"` // their version
	Program string    `json:"program"`
	Made    time.Time `json:"made"`
}

// line is one row of a table.
type line struct {
	Table string         `json:"table"`
	Row   map[string]any `json:"row"`
}

// hexBytes is how bytes stand in a backup.
type hexBytes struct {
	Hex string `json:"hex"`
}

// WriteBackup writes what a host has decided in dataDir to w: of what people wrote
// nothing. It runs beside a server or without one, of this version or an older one, and
// changes nothing. Without a database its error is fs.ErrNotExist.
func WriteBackup(ctx context.Context, dataDir string, info BackupInfo, w io.Writer) (err error) {
	path := filepath.Join(dataDir, "mayfly.db")
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	if err := recognise(ctx, path); err != nil {
		return err
	}
	db := openPool(1, reads(path), nil)
	defer func() { err = errors.Join(err, db.Close()) }()
	var lines []line
	err = inTx(ctx, db, func(tx *sql.Tx) error {
		if info.Tables, err = tablesVersion(ctx, tx); err != nil {
			return err
		}
		if known, err := newest(); err != nil || info.Tables > known {
			return errors.Join(err, newerError(path, info.Tables, known))
		}
		lines, err = readPortions(ctx, tx)
		return err
	})
	if err != nil {
		return wrap("back up", err)
	}
	return writeBackup(w, info, lines)
}

func readPortions(ctx context.Context, tx querier) (lines []line, err error) {
	for _, p := range carried {
		columns, err := columnsOf(ctx, tx, p.table)
		if err != nil {
			return nil, err
		}
		columns = slices.DeleteFunc(columns, func(c string) bool { return !slices.Contains(p.columns, c) })
		if len(columns) == 0 {
			continue // these tables are older than it
		}
		rows, err := readPortion(ctx, tx, p, columns)
		if err != nil {
			return nil, err
		}
		lines = append(lines, rows...)
	}
	return lines, nil
}

// columnsOf names the columns of a table; none: there is no such table.
func columnsOf(ctx context.Context, q querier, table string) ([]string, error) {
	const find = `
		SELECT name
		FROM pragma_table_info($1)`
	return all(ctx, q, func(scan scanner) (name string, err error) { return name, scan(&name) }, find, table)
}

func readPortion(ctx context.Context, tx querier, p portion, columns []string) ([]line, error) {
	find := "SELECT " + strings.Join(columns, ", ") + " FROM " + p.table // names of ours
	if p.where != "" {
		find += " WHERE " + p.where
	}
	return all(ctx, tx, func(scan scanner) (line, error) {
		values := make([]any, len(columns))
		into := make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		l := line{Table: p.table, Row: map[string]any{}}
		err := scan(into...)
		for i, c := range columns {
			l.Row[c] = values[i]
			if b, ok := values[i].([]byte); ok {
				l.Row[c] = hexBytes{hex.EncodeToString(b)}
			}
		}
		return l, err
	}, find)
}

func writeBackup(w io.Writer, info BackupInfo, lines []line) error {
	sum := sha256.New()
	out := bufio.NewWriter(w)
	both := io.MultiWriter(out, sum)
	fmt.Fprintf(both, "%s%d\n", backupLine, backupForm)
	write := json.NewEncoder(both)
	write.SetEscapeHTML(false)
	if err := write.Encode(info); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	for _, l := range lines {
		if err := write.Encode(l); err != nil {
			return fmt.Errorf("back up: %w", err)
		}
	}
	fmt.Fprintf(out, "%s%x\n", sumLine, sum.Sum(nil))
	if err := out.Flush(); err != nil {
		return fmt.Errorf("back up: %w", err)
	}
	return nil
}

// What is wrong with a file that is to be restored.
var (
	ErrNoBackup = errors.New("it is no backup of Mayfly's; give a file that mayfly backup wrote")
	errTorn     = errors.New("it is damaged: the end is missing, or something in it has changed; take another copy of it")
)

// Backup is one that was read and found whole.
type Backup struct {
	BackupInfo

	lines []line
}

// ReadBackup reads a backup to its end, and refuses what is foreign, damaged or newer.
func ReadBackup(r io.Reader) (*Backup, error) {
	raw, err := io.ReadAll(io.LimitReader(r, backupMax+1))
	if err != nil {
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	rest, ours := bytes.CutPrefix(raw, []byte(backupLine))
	if !ours || len(raw) > backupMax {
		return nil, ErrNoBackup
	}
	if form, _, _ := bytes.Cut(rest, []byte("\n")); string(form) != strconv.Itoa(backupForm) {
		return nil, fmt.Errorf("it is of a form (%.20q) that this program does not know; restore it with the Mayfly that wrote it, or a newer one", form)
	}
	body, err := checkSum(raw)
	if err != nil {
		return nil, err
	}
	return parseBackup(body)
}

// checkSum gives the lines between the first and the last of a whole backup.
func checkSum(raw []byte) ([]byte, error) {
	at := bytes.LastIndex(raw, []byte("\n"+sumLine)) + 1
	if at == 0 {
		return nil, errTorn
	}
	sum := sha256.Sum256(raw[:at])
	if string(raw[at:]) != sumLine+hex.EncodeToString(sum[:])+"\n" {
		return nil, errTorn
	}
	_, body, _ := bytes.Cut(raw[:at], []byte("\n"))
	return body, nil
}

func parseBackup(body []byte) (*Backup, error) {
	var b Backup
	read := json.NewDecoder(bytes.NewReader(body))
	read.UseNumber()
	if err := read.Decode(&b.BackupInfo); err != nil {
		return nil, errTorn
	}
	if known, err := newest(); err != nil || b.Tables > known {
		return nil, errors.Join(err, fmt.Errorf("it was written by a newer Mayfly (%.40s, tables of version %d; this program knows %d); restore it with that one", b.Program, b.Tables, known))
	}
	for {
		var l line
		err := read.Decode(&l)
		if errors.Is(err, io.EOF) {
			return &b, nil
		}
		if err != nil || !l.known() {
			return nil, errTorn
		}
		b.lines = append(b.lines, l)
	}
}

// known says whether a row is of a table, and of columns, that a backup carries, and
// turns its values into those of SQL.
func (l line) known() bool {
	i := slices.IndexFunc(carried, func(p portion) bool { return p.table == l.Table })
	if i < 0 || len(l.Row) == 0 {
		return false
	}
	for column, value := range l.Row {
		fit, ok := fromJSON(value)
		if !ok || !slices.Contains(carried[i].columns, column) {
			return false
		}
		l.Row[column] = fit
	}
	return true
}

func fromJSON(value any) (any, bool) {
	switch v := value.(type) {
	case nil, string:
		return v, true
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case map[string]any:
		text, _ := v["hex"].(string)
		b, err := hex.DecodeString(text)
		return b, err == nil && len(v) == 1 && len(b) > 0
	}
	return nil, false
}

// tablesVersion is that of the tables there are, 0 without any.
func tablesVersion(ctx context.Context, q querier) (version int, err error) {
	const find = `
		SELECT COALESCE(MAX(version_id), 0)
		FROM goose_db_version
		WHERE is_applied`
	return version, q.QueryRowContext(ctx, find).Scan(&version)
}

func newerError(path string, is, known int) error {
	if is <= known {
		return nil
	}
	return fmt.Errorf("%s was written by a newer Mayfly (its tables are version %d, this program knows %d); start that one again, or give another --data folder", path, is, known)
}

// isThere says whether something is at path.
func isThere(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}
