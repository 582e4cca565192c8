-- +goose Up
-- standing: '' is in sight; what is held its author alone knows of; what is hidden,
-- reports hid. queued: an admin is to look at it, by care, then reports (of those that
-- no admin has looked at), then age. released: an admin has let it stand, and reports
-- alone hide it no more.
ALTER TABLE posts ADD COLUMN standing TEXT    NOT NULL DEFAULT '' CHECK (standing IN ('', 'held', 'hidden'));
ALTER TABLE posts ADD COLUMN queued   INTEGER NOT NULL DEFAULT 0 CHECK (queued IN (0, 1));
ALTER TABLE posts ADD COLUMN care     INTEGER NOT NULL DEFAULT 0 CHECK (care IN (0, 1));
ALTER TABLE posts ADD COLUMN reports  INTEGER NOT NULL DEFAULT 0 CHECK (reports >= 0);
ALTER TABLE posts ADD COLUMN released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1));
ALTER TABLE posts ADD COLUMN locked   INTEGER NOT NULL DEFAULT 0 CHECK (locked IN (0, 1));

-- How many of the replies are held.
ALTER TABLE posts ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0 CHECK (waiting BETWEEN 0 AND replies);

-- staff: an admin speaks.
ALTER TABLE replies ADD COLUMN standing TEXT    NOT NULL DEFAULT '' CHECK (standing IN ('', 'held', 'hidden'));
ALTER TABLE replies ADD COLUMN queued   INTEGER NOT NULL DEFAULT 0 CHECK (queued IN (0, 1));
ALTER TABLE replies ADD COLUMN care     INTEGER NOT NULL DEFAULT 0 CHECK (care IN (0, 1));
ALTER TABLE replies ADD COLUMN reports  INTEGER NOT NULL DEFAULT 0 CHECK (reports >= 0);
ALTER TABLE replies ADD COLUMN released INTEGER NOT NULL DEFAULT 0 CHECK (released IN (0, 1));
ALTER TABLE replies ADD COLUMN staff    INTEGER NOT NULL DEFAULT 0 CHECK (staff IN (0, 1));

CREATE INDEX posts_queue ON posts (queued, care DESC, reports DESC, seq) WHERE queued = 1;
CREATE INDEX replies_queue ON replies (queued, care DESC, reports DESC, seq) WHERE queued = 1;

DROP INDEX posts_aside;
CREATE INDEX posts_aside ON posts (board, ends_at) WHERE unlisted = 1 OR prompt <> '' OR standing <> '';

DROP TRIGGER replies_gone;

-- +goose StatementBegin
CREATE TRIGGER replies_gone AFTER DELETE ON replies
BEGIN
	DELETE FROM votes WHERE post = OLD.id;
	UPDATE posts SET replies = replies - 1, waiting = waiting - (OLD.standing = 'held') WHERE seq = OLD.thread;
END;
-- +goose StatementEnd

-- One report of one visitor; tag is an HMAC under the thread's secret. counts: it may
-- help to hide. saw: its words proved to be those of a view-once post. looked: an
-- admin has decided since.
CREATE TABLE reports (
	post   BLOB    NOT NULL CHECK (length(post) = 16),
	tag    BLOB    NOT NULL CHECK (length(tag) = 16),
	reason TEXT    NOT NULL CHECK (reason IN ('spam', 'harassment', 'names-someone', 'harm', 'illegal', 'other')),
	counts INTEGER NOT NULL CHECK (counts IN (0, 1)),
	saw    INTEGER NOT NULL CHECK (saw IN (0, 1)),
	looked INTEGER NOT NULL DEFAULT 0 CHECK (looked IN (0, 1)),
	PRIMARY KEY (post, tag)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER posts_gone_reports AFTER DELETE ON posts
BEGIN
	DELETE FROM reports WHERE post = OLD.id;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER replies_gone_reports AFTER DELETE ON replies
BEGIN
	DELETE FROM reports WHERE post = OLD.id;
END;
-- +goose StatementEnd
