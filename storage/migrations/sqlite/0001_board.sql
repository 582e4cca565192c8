-- +goose Up
CREATE TABLE boards (
	slug  TEXT PRIMARY KEY CHECK (length(slug) BETWEEN 1 AND 64),
	title TEXT NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO boards (slug, title)
VALUES ('home', '');

-- All times are board time in milliseconds, on the post's grid.
CREATE TABLE posts (
	seq     INTEGER PRIMARY KEY,
	id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
	board   TEXT    NOT NULL REFERENCES boards (slug),
	since   INTEGER NOT NULL,
	until   INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	cap_at  INTEGER NOT NULL,
	grid    INTEGER NOT NULL CHECK (grid > 0),
	silence INTEGER NOT NULL CHECK (silence >= 0),
	replies INTEGER NOT NULL DEFAULT 0 CHECK (replies >= 0),
	hearts  INTEGER NOT NULL DEFAULT 0 CHECK (hearts >= 0),
	score   INTEGER NOT NULL DEFAULT 0 CHECK (score <= hearts),
	slot    INTEGER NOT NULL CHECK (slot > 0),
	gen     INTEGER NOT NULL,
	own     BLOB    NOT NULL CHECK (length(own) = 16),
	box     BLOB    NOT NULL,
	CHECK (ends_at <= until AND until <= cap_at),
	CHECK (since % grid = 0 AND until % grid = 0 AND ends_at % grid = 0 AND cap_at % grid = 0)
) STRICT;

CREATE INDEX posts_new ON posts (board, seq);
CREATE INDEX posts_fading ON posts (board, ends_at, seq);

-- A reply has no clock: it ends with its thread.
CREATE TABLE replies (
	seq    INTEGER PRIMARY KEY,
	id     BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
	thread INTEGER NOT NULL REFERENCES posts (seq) ON DELETE CASCADE,
	hearts INTEGER NOT NULL DEFAULT 0 CHECK (hearts >= 0),
	score  INTEGER NOT NULL DEFAULT 0 CHECK (score <= hearts),
	slot   INTEGER NOT NULL CHECK (slot > 0),
	gen    INTEGER NOT NULL,
	own    BLOB    NOT NULL CHECK (length(own) = 16),
	box    BLOB    NOT NULL
) STRICT;

CREATE INDEX replies_thread ON replies (thread, seq);

-- One vote of one visitor on one post or reply; tag is an HMAC under the thread's secret.
CREATE TABLE votes (
	post BLOB    NOT NULL CHECK (length(post) = 16),
	tag  BLOB    NOT NULL CHECK (length(tag) = 16),
	vote INTEGER NOT NULL CHECK (vote IN (-1, 1)),
	PRIMARY KEY (post, tag)
) STRICT, WITHOUT ROWID;

-- Who speaks in a thread under which name: two HMACs under the thread's secret.
CREATE TABLE voices (
	thread INTEGER NOT NULL REFERENCES posts (seq) ON DELETE CASCADE,
	tag    BLOB    NOT NULL CHECK (length(tag) = 16),
	name   BLOB    NOT NULL CHECK (length(name) = 16),
	PRIMARY KEY (thread, tag),
	UNIQUE (thread, name)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER posts_gone AFTER DELETE ON posts
BEGIN
	DELETE FROM votes WHERE post = OLD.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER replies_gone AFTER DELETE ON replies
BEGIN
	DELETE FROM votes WHERE post = OLD.id;
	UPDATE posts SET replies = replies - 1 WHERE seq = OLD.thread;
END;
-- +goose StatementEnd

CREATE TABLE traces (
	id    BLOB    PRIMARY KEY CHECK (length(id) = 16),
	board TEXT    NOT NULL REFERENCES boards (slug),
	why   TEXT    NOT NULL,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX traces_board ON traces (board, until);

CREATE TABLE settings (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
	seq       INTEGER PRIMARY KEY,
	at        INTEGER NOT NULL,
	name      TEXT    NOT NULL,
	old_value TEXT    NOT NULL,
	new_value TEXT    NOT NULL,
	who       TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_at ON audit (at);

-- Which file of keys belongs to these rows.
CREATE TABLE key_file (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	id  BLOB NOT NULL CHECK (length(id) = 16)
) STRICT;
