-- +goose Up
-- Raid mode, until a time: on all boards (board = '') or on one. The settings it lies
-- over are not touched.
CREATE TABLE storms (
	board TEXT    PRIMARY KEY,
	until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
