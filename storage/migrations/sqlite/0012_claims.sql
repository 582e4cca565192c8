-- +goose Up
-- What somebody told the host by a notice. id is a hash of the number that they keep;
-- words (where, why, who) and answer are boxes under one key of the keys folder, which
-- goes at ends_at. gone: its post ended before anybody decided.
CREATE TABLE claims (
	seq     INTEGER PRIMARY KEY,
	id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
	kind    TEXT    NOT NULL CHECK (kind IN ('child-abuse', 'personal-data', 'illegal', 'other')),
	state   TEXT    NOT NULL CHECK (state IN ('waits', 'removed', 'kept', 'answered', 'gone')),
	post    BLOB    CHECK (length(post) = 16),
	board   TEXT    NOT NULL,
	sent    INTEGER NOT NULL CHECK (sent % 60000 = 0),
	ends_at INTEGER NOT NULL,
	reason  TEXT    NOT NULL DEFAULT '',
	slot    INTEGER NOT NULL CHECK (slot > 0),
	gen     INTEGER NOT NULL,
	words   BLOB    NOT NULL,
	answer  BLOB
) STRICT;

CREATE INDEX claims_ends ON claims (ends_at);
CREATE INDEX claims_waiting ON claims (seq) WHERE state = 'waits';
