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

-- care: it calls for care, so votes do not end it; short: a filter has cut its life short.
ALTER TABLE posts ADD COLUMN care  INTEGER NOT NULL DEFAULT 0 CHECK (care IN (0, 1));
ALTER TABLE posts ADD COLUMN short INTEGER NOT NULL DEFAULT 0 CHECK (short IN (0, 1));
ALTER TABLE replies ADD COLUMN care INTEGER NOT NULL DEFAULT 0 CHECK (care IN (0, 1));

-- What calls for care is looked at first.
CREATE INDEX posts_care ON posts (seq) WHERE care = 1;
CREATE INDEX replies_care ON replies (seq) WHERE care = 1;
