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
