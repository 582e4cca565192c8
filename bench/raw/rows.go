package main

import (
	"database/sql"
	"time"

	_ "github.com/mattn/go-sqlite3" // the engine
)

const (
	window   = time.Millisecond // that the first of a batch waits for others
	batchMax = 500
)

// rows is one writer, who commits all that came within a window together.
type rows struct {
	db    *sql.DB
	put   *sql.Stmt
	queue chan insert
}

type insert struct {
	body []byte
	done chan error
}

func openRows(path string) (*rows, error) {
	db, err := sql.Open("sqlite3", path+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE IF NOT EXISTS posts (seq INTEGER PRIMARY KEY, ends_at INTEGER NOT NULL, body BLOB NOT NULL) STRICT"); err != nil { //nolint:noctx // at the start
		return nil, err
	}
	put, err := db.Prepare("INSERT INTO posts (ends_at, body) VALUES ($1, $2)") //nolint:noctx // as above
	if err != nil {
		return nil, err
	}
	r := &rows{db, put, make(chan insert, batchMax)}
	go r.commitAll()
	return r, nil
}

// insert returns once the row is on the disk.
func (r *rows) insert(body []byte) error {
	i := insert{body, make(chan error, 1)}
	r.queue <- i
	return <-i.done
}

func (r *rows) commitAll() {
	for first := range r.queue {
		batch := []insert{first}
		timer := time.NewTimer(window)
	gather:
		for len(batch) < batchMax {
			select {
			case i := <-r.queue:
				batch = append(batch, i)
			case <-timer.C:
				break gather
			}
		}
		timer.Stop()
		err := r.commit(batch)
		for _, i := range batch {
			i.done <- err
		}
	}
}

func (r *rows) commit(batch []insert) error {
	tx, err := r.db.Begin() //nolint:noctx // a batch is finished
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // of what was committed does nothing
	put := tx.Stmt(r.put)                //nolint:noctx,sqlclosecheck // as above; the transaction closes it
	ends := time.Now().Add(24 * time.Hour).UnixMilli()
	for _, i := range batch {
		if _, err := put.Exec(ends, i.body); err != nil { //nolint:noctx // as above
			return err
		}
	}
	return tx.Commit()
}
