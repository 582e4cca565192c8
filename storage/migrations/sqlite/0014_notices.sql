-- +goose Up
-- That an admin removed something on a board, why, and until when its author can be
-- told. Only the author's cookie fits salt and mark; which post it was is not said.
CREATE TABLE notices (
	salt   BLOB    PRIMARY KEY CHECK (length(salt) = 16),
	mark   BLOB    NOT NULL CHECK (length(mark) = 16),
	board  TEXT    NOT NULL,
	reason TEXT    NOT NULL,
	until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX notices_until ON notices (until);
