-- +goose Up
-- readers is how many openings are left, NULL for no such clock; at 0 it is spent.
ALTER TABLE posts ADD COLUMN view_once INTEGER NOT NULL DEFAULT 0 CHECK (view_once IN (0, 1));
ALTER TABLE posts ADD COLUMN readers   INTEGER CHECK (readers >= 0);

-- One opening of one visitor; tag is an HMAC under the thread's secret.
CREATE TABLE openings (
	post BLOB NOT NULL CHECK (length(post) = 16),
	tag  BLOB NOT NULL CHECK (length(tag) = 16),
	PRIMARY KEY (post, tag)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER posts_gone_openings AFTER DELETE ON posts
BEGIN
	DELETE FROM openings WHERE post = OLD.id;
END;
-- +goose StatementEnd
