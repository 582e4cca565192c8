-- +goose Up
-- How many came to a thread by the link that was passed on.
ALTER TABLE posts ADD COLUMN arrivals INTEGER NOT NULL DEFAULT 0 CHECK (arrivals >= 0);
