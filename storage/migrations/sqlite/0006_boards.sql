-- +goose Up
-- A setting is for all boards (board = '') or for one that differs.
CREATE TABLE settings_by_board (
	board TEXT NOT NULL,
	name  TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (board, name)
) STRICT, WITHOUT ROWID;

INSERT INTO settings_by_board (board, name, value)
SELECT '', name, value
FROM settings;

DROP TABLE settings;
ALTER TABLE settings_by_board RENAME TO settings;

-- unset: the board follows all again, and new_value is what that gave it.
ALTER TABLE audit ADD COLUMN board TEXT    NOT NULL DEFAULT '';
ALTER TABLE audit ADD COLUMN unset INTEGER NOT NULL DEFAULT 0 CHECK (unset IN (0, 1));

-- closes_at is on a minute, NULL for never; ending is the wish of a command that runs
-- beside the server, which alone can take the keys.
ALTER TABLE boards ADD COLUMN rules     TEXT    NOT NULL DEFAULT '' CHECK (length(rules) <= 5000);
ALTER TABLE boards ADD COLUMN closes_at INTEGER CHECK (closes_at % 60000 = 0);
ALTER TABLE boards ADD COLUMN place     INTEGER NOT NULL DEFAULT 0;
ALTER TABLE boards ADD COLUMN ending    INTEGER NOT NULL DEFAULT 0 CHECK (ending IN (0, 1));

-- What lives on a board is counted by its index of ends, less what is not in its feed.
CREATE INDEX posts_aside ON posts (board, ends_at) WHERE unlisted = 1;
