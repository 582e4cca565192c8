-- +goose Up
-- A chat is between the author of a post and somebody who asked. Its box, under the post's
-- key, holds the asker's public key and the hash of what they show; the author's are in the
-- post's own box. state: 0 goes on, 1 is over, 2 is blocked by the author.
CREATE TABLE chats (
	seq   INTEGER PRIMARY KEY,
	id    BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
	post  BLOB    NOT NULL CHECK (length(post) = 16),
	state INTEGER NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
	box   BLOB    NOT NULL
) STRICT;

CREATE INDEX chats_post ON chats (post, seq);
CREATE INDEX chats_on ON chats (post) WHERE state = 0;

-- A message: the box holds its envelope, under a key of its own and the post's, until it is
-- read; proof, under the post's key, what commits to its words. side: 0 asked, 1 is the author.
CREATE TABLE chat_messages (
	seq   INTEGER PRIMARY KEY,
	chat  INTEGER NOT NULL REFERENCES chats (seq) ON DELETE CASCADE,
	side  INTEGER NOT NULL CHECK (side IN (0, 1)),
	n     INTEGER NOT NULL CHECK (n >= 1),
	slot  INTEGER CHECK (slot > 0),
	gen   INTEGER,
	box   BLOB,
	proof BLOB    NOT NULL,
	UNIQUE (chat, side, n),
	CHECK ((slot IS NULL) = (box IS NULL) AND (slot IS NULL) = (gen IS NULL))
) STRICT;

CREATE INDEX chat_messages_unread ON chat_messages (chat, seq) WHERE slot IS NOT NULL;

-- What either side reported, with words that are proven to be the message's, under the
-- post's key.
CREATE TABLE chat_reports (
	chat   BLOB    NOT NULL CHECK (length(chat) = 16),
	post   BLOB    NOT NULL CHECK (length(post) = 16),
	side   INTEGER NOT NULL CHECK (side IN (0, 1)),
	n      INTEGER NOT NULL,
	reason TEXT    NOT NULL,
	box    BLOB    NOT NULL,
	PRIMARY KEY (chat, side, n)
) STRICT, WITHOUT ROWID;

CREATE INDEX chat_reports_post ON chat_reports (post);
