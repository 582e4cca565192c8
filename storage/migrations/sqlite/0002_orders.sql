-- +goose Up
-- What is reached by its link alone stands in no feed; heat is board.Post.Heat.
ALTER TABLE posts ADD COLUMN unlisted INTEGER NOT NULL DEFAULT 0 CHECK (unlisted IN (0, 1));
ALTER TABLE posts ADD COLUMN heat     INTEGER NOT NULL DEFAULT 0;

CREATE INDEX posts_hot ON posts (board, heat, seq);
CREATE INDEX posts_top ON posts (board, score, seq);
