package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mayfly/e2e/house"
)

// town is a built server, and people who have been there for a while.
type town struct {
	*house.House
	people []*person // with cookies that have settled
}

// writers is how many people have written before.
const writers = 260

// prepare builds the server, has people write once, and lets half an hour pass: board
// time goes on from where the keys folder says that it was.
func prepare(ctx context.Context) (t *town, err error) {
	h, err := house.New(ctx, "raid")
	if err != nil {
		return nil, err
	}
	t = &town{House: h}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	s, err := t.start("before", bare)
	if err != nil {
		return nil, err
	}
	for i := range writers {
		who := &person{addr: fmt.Sprintf("198.18.%d.%d", i, 1+i%200)}
		if i >= 250 {
			who.addr = fmt.Sprintf("198.19.%d.%d", i, 1+i%200)
		}
		if _, res := s.post(ctx, who, fmt.Sprintf("hello from the person number %d of this place", i), nil); res != accepted {
			return nil, errors.New("a person could not write before the raid")
		}
		t.people = append(t.people, who)
	}
	if err := s.stop(); err != nil {
		return nil, err
	}
	return t, setClock(filepath.Join(t.Dir, "before.keys", "board.clock"), time.Now().Add(30*time.Minute))
}

// setClock writes what the server saves of board time, so that it goes on from there.
func setClock(path string, at time.Time) error {
	record := make([]byte, 64)
	binary.LittleEndian.PutUint64(record, uint64(at.UnixMilli()))
	binary.LittleEndian.PutUint32(record[60:], crc32.ChecksumIEEE(record[:60]))
	return os.WriteFile(path, append(record, record...), 0o600)
}

// server is one that runs.
type server struct {
	*house.Server
	t      *town
	name   string
	client *http.Client
}

// start runs the server on a folder of its own, with the keys of before.
func (t *town) start(name string, set []string) (*server, error) {
	data := filepath.Join(t.Dir, strings.ReplaceAll(name, " ", "-"))
	if name != "before" {
		if err := os.CopyFS(data+".keys", os.DirFS(filepath.Join(t.Dir, "before.keys"))); err != nil {
			return nil, err
		}
		if err := os.Remove(filepath.Join(data+".keys", "posts.keys")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	args := append(house.Serve(data, data+".keys", set...), "--trusted-proxies", "127.0.0.0/8", "--set", "contact=host@river.example")
	up, err := t.Start(house.Setup{Args: args})
	if err != nil {
		return nil, err
	}
	return &server{Server: up, t: t, name: data, client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256},
	}}, nil
}

// command runs a command of the program on the server's folder.
func (s *server) command(ctx context.Context, args ...string) error {
	return s.t.Run(ctx, append(args, "--data", s.name, "--keys", s.name+".keys")...)
}

// prepare does what a host has done by the time that the raid goes on.
func (s *server) prepare(ctx context.Context, is scenario) error {
	for _, words := range is.filters {
		if err := s.command(ctx, "filter", "add", words, "--action", "block"); err != nil {
			return err
		}
	}
	if is.storm {
		if err := s.command(ctx, "raid", "on", "1h"); err != nil {
			return err
		}
	}
	if is.storm || len(is.filters) > 0 {
		time.Sleep(1500 * time.Millisecond) // the server follows
	}
	return nil
}

func (s *server) stop() error {
	s.client.CloseIdleConnections()
	return s.Stop()
}
