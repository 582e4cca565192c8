-- +goose Up

-- The door of a board. What visitors hold is a MAC over the board and its epoch: another
-- epoch puts everybody out. phrase is a hash, '' while there is none.
CREATE TABLE doors (
	board  TEXT PRIMARY KEY REFERENCES boards (slug) ON DELETE CASCADE,
	epoch  BLOB NOT NULL CHECK (length(epoch) = 16),
	phrase TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- Invitations. Nothing says who came in by one.
CREATE TABLE door_codes (
	number  INTEGER PRIMARY KEY,
	board   TEXT    NOT NULL REFERENCES boards (slug) ON DELETE CASCADE,
	hash    BLOB    NOT NULL UNIQUE CHECK (length(hash) = 32),
	uses    INTEGER NOT NULL CHECK (uses >= 0),
	ends_at INTEGER NOT NULL
) STRICT;

CREATE INDEX door_codes_board ON door_codes (board, number);
