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

-- greeted: a first start has been; asked_at: when the last question of the day was.
ALTER TABLE boards ADD COLUMN greeted  INTEGER NOT NULL DEFAULT 0 CHECK (greeted IN (0, 1));
ALTER TABLE boards ADD COLUMN asked_at INTEGER NOT NULL DEFAULT 0;

UPDATE boards
SET greeted = EXISTS (SELECT 1 FROM key_file);

-- A prompt is a post in which the host speaks. It is pinned, and in no feed.
ALTER TABLE posts ADD COLUMN prompt    TEXT    NOT NULL DEFAULT '' CHECK (prompt IN ('', 'question', 'welcome'));
ALTER TABLE posts ADD COLUMN sponsored INTEGER NOT NULL DEFAULT 0 CHECK (sponsored IN (0, 1));

CREATE INDEX posts_prompts ON posts (board, seq) WHERE prompt <> '';

-- What lives on a board is counted by its index of ends, less what is not in its feed.
CREATE INDEX posts_aside ON posts (board, ends_at) WHERE unlisted = 1 OR prompt <> '';

-- What the host asks, in the host's own published words: whoever holds the keys plants
-- it as a post, and the row goes with it. post is NULL until then; ending is a wish.
CREATE TABLE questions (
	seq       INTEGER PRIMARY KEY,
	board     TEXT    NOT NULL REFERENCES boards (slug) ON DELETE CASCADE,
	kind      TEXT    NOT NULL CHECK (kind IN ('question', 'welcome')),
	body      TEXT    NOT NULL,
	sponsored INTEGER NOT NULL DEFAULT 0 CHECK (sponsored IN (0, 1)),
	ttl       INTEGER NOT NULL CHECK (ttl > 0),
	post      BLOB    CHECK (length(post) = 16),
	ending    INTEGER NOT NULL DEFAULT 0 CHECK (ending IN (0, 1))
) STRICT;
