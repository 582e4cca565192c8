-- +goose Up
-- How far the first choices of a site have come: without a row nobody has made any; with
-- done_at NULL the first page of them was taken. A site that had an owner before there were
-- such choices is not asked, and its careful time was over long ago.
CREATE TABLE outset (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	done_at INTEGER
) STRICT;

INSERT INTO outset (one, done_at)
SELECT 1, 0
FROM admins
WHERE owner = 1;
