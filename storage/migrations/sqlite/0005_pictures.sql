-- +goose Up
-- A post's picture, and the small one: each a box of its own under the post's key.
-- No list of posts reads them.
CREATE TABLE parts (
	post INTEGER NOT NULL REFERENCES posts (seq) ON DELETE CASCADE,
	part TEXT    NOT NULL CHECK (part IN ('full', 'thumb')),
	box  BLOB    NOT NULL,
	PRIMARY KEY (post, part)
) STRICT;
