-- +goose Up
-- A circle is a room whose words the server can't read: every envelope here is opaque.
CREATE TABLE circles (
	id          BLOB    PRIMARY KEY CHECK (length(id) = 16),
	epoch       INTEGER NOT NULL DEFAULT 1 CHECK (epoch >= 1),
	cap         INTEGER NOT NULL CHECK (cap IN (12, 50, 150)),
	rule        TEXT    NOT NULL CHECK (rule IN ('maker', 'majority')),
	gated       INTEGER NOT NULL CHECK (gated IN (0, 1)),
	open        INTEGER NOT NULL DEFAULT 0 CHECK (open IN (0, 1)),
	turn        INTEGER NOT NULL DEFAULT 0 CHECK (turn IN (0, 1)),
	ttl_default INTEGER NOT NULL CHECK (ttl_default > 0),
	ttl_max     INTEGER NOT NULL CHECK (ttl_max >= ttl_default),
	closes_at   INTEGER NOT NULL,
	meta        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX circles_closing ON circles (closes_at);

-- A seat: the hash of what its member shows, their public key, and the circle's key for
-- them. One with seat_until is kept for whoever used an invite and has not sat down.
CREATE TABLE circle_members (
	circle     BLOB    NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
	token      BLOB    NOT NULL CHECK (length(token) = 32),
	q          BLOB    NOT NULL CHECK (length(q) = 65),
	record     BLOB,
	once       BLOB,
	wrap       BLOB,
	since      INTEGER NOT NULL,
	maker      INTEGER NOT NULL DEFAULT 0 CHECK (maker IN (0, 1)),
	wrote      INTEGER NOT NULL DEFAULT 0 CHECK (wrote IN (0, 1)),
	seat_until INTEGER,
	PRIMARY KEY (circle, token),
	UNIQUE (circle, q)
) STRICT, WITHOUT ROWID;

-- Who wants whom out.
CREATE TABLE circle_outs (
	circle BLOB NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
	q      BLOB NOT NULL,
	voter  BLOB NOT NULL,
	PRIMARY KEY (circle, q, voter),
	FOREIGN KEY (circle, q) REFERENCES circle_members (circle, q) ON DELETE CASCADE,
	FOREIGN KEY (circle, voter) REFERENCES circle_members (circle, token) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The key of an epoch's predecessor, sealed under its own.
CREATE TABLE circle_links (
	circle BLOB    NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
	epoch  INTEGER NOT NULL,
	box    BLOB    NOT NULL,
	PRIMARY KEY (circle, epoch)
) STRICT, WITHOUT ROWID;

CREATE TABLE circle_invites (
	circle  BLOB    NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
	token   BLOB    NOT NULL CHECK (length(token) = 32),
	box     BLOB    NOT NULL,
	uses    INTEGER NOT NULL CHECK (uses >= 0),
	revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
	ends_at INTEGER NOT NULL,
	PRIMARY KEY (circle, token)
) STRICT, WITHOUT ROWID;

-- Posts and, with a thread, replies, which have its life. A box holds name, commitment
-- and envelope; like the picture's, it is under a key outside the database.
CREATE TABLE circle_posts (
	seq     INTEGER PRIMARY KEY,
	id      BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
	circle  BLOB    NOT NULL REFERENCES circles (id) ON DELETE CASCADE,
	thread  INTEGER REFERENCES circle_posts (seq) ON DELETE CASCADE,
	epoch   INTEGER NOT NULL,
	since   INTEGER,
	until   INTEGER,
	ends_at INTEGER,
	cap_at  INTEGER,
	grid    INTEGER,
	silence INTEGER,
	hearts  INTEGER NOT NULL DEFAULT 0 CHECK (hearts >= 0),
	score   INTEGER NOT NULL DEFAULT 0 CHECK (score <= hearts),
	slot    INTEGER NOT NULL CHECK (slot > 0),
	gen     INTEGER NOT NULL,
	own     BLOB    NOT NULL CHECK (length(own) = 16),
	box     BLOB    NOT NULL,
	picture BLOB,
	CHECK ((thread IS NULL) = (ends_at IS NOT NULL)),
	CHECK (thread IS NOT NULL OR ends_at <= until AND until <= cap_at)
) STRICT;

CREATE INDEX circle_posts_new ON circle_posts (circle, thread, seq);
CREATE INDEX circle_posts_thread ON circle_posts (thread, seq);
CREATE INDEX circle_posts_ending ON circle_posts (ends_at);

CREATE TABLE circle_votes (
	post BLOB    NOT NULL REFERENCES circle_posts (id) ON DELETE CASCADE,
	tag  BLOB    NOT NULL CHECK (length(tag) = 16),
	vote INTEGER NOT NULL CHECK (vote IN (-1, 1)),
	PRIMARY KEY (post, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE circle_voices (
	thread INTEGER NOT NULL REFERENCES circle_posts (seq) ON DELETE CASCADE,
	tag    BLOB    NOT NULL CHECK (length(tag) = 16),
	name   BLOB    NOT NULL CHECK (length(name) = 16),
	PRIMARY KEY (thread, tag),
	UNIQUE (thread, name)
) STRICT, WITHOUT ROWID;

-- What a member reported, with words that are proven to be the post's, under its key.
CREATE TABLE circle_reports (
	post   BLOB NOT NULL REFERENCES circle_posts (id) ON DELETE CASCADE,
	tag    BLOB NOT NULL CHECK (length(tag) = 16),
	reason TEXT NOT NULL,
	box    BLOB NOT NULL,
	PRIMARY KEY (post, tag)
) STRICT, WITHOUT ROWID;
