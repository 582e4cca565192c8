package storage

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

const (
	// journalLarge is by how much the journal grows before it is brought into the
	// database beside the work, journalFull when the work waits until it is empty.
	journalLarge = 4 << 20
	journalFull  = 16 << 20
	// patience is how long readers may hold up the emptying of the journal.
	patience = 250 * time.Millisecond
	// scrubTries is how often another process that reads may get in the way.
	scrubTries = 3
)

var errJournal = errors.New("another process reads the database and keeps its journal from being emptied")

// Scrub leaves nothing of deleted rows in the journal: its file has 0 bytes then.
// Readers of this process wait meanwhile, or are interrupted; while another
// process reads on, Scrub fails.
func (s *Store) Scrub(ctx context.Context) error {
	return wrap("scrub", s.emptyJournal(ctx))
}

// emptyJournal brings all of the journal into the database, most of it while
// posts and readers go on.
func (s *Store) emptyJournal(ctx context.Context) error {
	if s.journalSize() == 0 {
		return nil
	}
	if err := s.checkpointBeside(ctx); err != nil {
		return err
	}
	for range scrubTries {
		done, err := s.truncate(ctx)
		if err != nil || done {
			return err
		}
	}
	return errJournal
}

// checkpointBeside brings what it can of the journal into the database without
// holding anybody up.
func (s *Store) checkpointBeside(ctx context.Context) error {
	_, err := s.checkpoint(ctx, "PRAGMA wal_checkpoint(PASSIVE)")
	return err
}

// truncate empties the journal while nobody writes or reads, and says whether it
// is empty.
func (s *Store) truncate(ctx context.Context) (bool, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	defer s.gate.shut(patience)()
	busy, err := s.checkpoint(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	return !busy && s.journalSize() == 0, err
}

func (s *Store) checkpoint(ctx context.Context, pragma string) (busy bool, err error) {
	var inJournal, done int
	err = s.aside.QueryRowContext(ctx, pragma).Scan(&busy, &inJournal, &done)
	if err != nil {
		return false, fmt.Errorf("checkpoint: %w", err)
	}
	return busy, nil
}

// boundJournal keeps the journal from growing without end. Burials and the committer both
// ask for it; who comes second finds it done.
func (s *Store) boundJournal(ctx context.Context) error {
	s.tidying.Lock()
	defer s.tidying.Unlock()
	size := s.journalSize()
	tidied := s.tidied.Load()
	switch {
	case size < tidied: // it began anew
		s.tidied.Store(0)
		return nil
	case size >= journalFull:
		s.tidied.Store(0)
		return s.emptyJournal(ctx)
	case size >= tidied+journalLarge:
		s.tidied.Store(size)
		return s.checkpointBeside(ctx)
	}
	return nil
}

// tidyAll bounds the journal whenever the committer asks for it.
func (s *Store) tidyAll() {
	ctx := context.Background()
	for range s.tidy {
		if err := s.boundJournal(ctx); err != nil {
			s.log.WarnContext(ctx, "the journal could not be brought into the database; it is tried again", "err", err)
		}
	}
}

// tidyWhenLarge wakes tidyAll.
func (s *Store) tidyWhenLarge() {
	if grown := s.journalSize() - s.tidied.Load(); grown >= 0 && grown < journalLarge {
		return
	}
	select {
	case s.tidy <- struct{}{}:
	default:
	}
}

// journalSize is how many bytes the journal has.
func (s *Store) journalSize() int64 {
	info, err := os.Stat(s.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
