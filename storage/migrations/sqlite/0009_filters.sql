-- +goose Up
-- What the host's filters are, for all boards (board = '') or for one. A number is never
-- given twice.
CREATE TABLE filters (
	seq     INTEGER PRIMARY KEY AUTOINCREMENT,
	board   TEXT    NOT NULL,
	text    TEXT    NOT NULL CHECK (text <> ''),
	pattern INTEGER NOT NULL CHECK (pattern IN (0, 1)),
	action  TEXT    NOT NULL CHECK (action IN ('block', 'hold', 'mask', 'short', 'ask', 'care'))
) STRICT;

-- short: a filter has cut its life short.
ALTER TABLE posts ADD COLUMN short INTEGER NOT NULL DEFAULT 0 CHECK (short IN (0, 1));
