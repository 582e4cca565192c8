-- +goose Up
-- seed is of one-time codes, NULL where none are asked for; step is the last that was taken.
CREATE TABLE admins (
	name  TEXT    PRIMARY KEY CHECK (length(name) BETWEEN 1 AND 40),
	owner INTEGER NOT NULL CHECK (owner IN (0, 1)),
	hash  TEXT    NOT NULL,
	seed  BLOB    CHECK (length(seed) = 20),
	step  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX admins_owner ON admins (owner) WHERE owner = 1;

-- What lets somebody in: of each the hash alone. ends_at is NULL for what waits to be used.
CREATE TABLE passes (
	hash    BLOB    PRIMARY KEY CHECK (length(hash) = 32),
	kind    TEXT    NOT NULL CHECK (kind IN ('setup', 'invite', 'session', 'device', 'key')),
	admin   TEXT    REFERENCES admins (name) ON DELETE CASCADE ON UPDATE CASCADE,
	label   TEXT    NOT NULL DEFAULT '',
	scopes  TEXT    NOT NULL DEFAULT '',
	ends_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX passes_admin ON passes (admin, kind);

-- The log holds what else admins do; name is what it was done to, never what anybody wrote.
ALTER TABLE audit ADD COLUMN action TEXT NOT NULL DEFAULT 'setting';
ALTER TABLE audit ADD COLUMN reason TEXT NOT NULL DEFAULT '';
