// Command raw is what the bench holds Mayfly against: the least that can do the same
// with the same libraries. It broadcasts with one prepared message, a goroutine and a
// queue a reader; serves one page that was compressed beforehand; and stores rows with
// group commit at synchronous=FULL. It checks, limits, boxes and draws nothing.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("raw: give a folder")
	}
	rows, err := openRows(filepath.Join(os.Args[1], "raw.db"))
	if err != nil {
		log.Fatal("raw: ", err)
	}
	s := &site{rows: rows}
	s.page.Store(&page{})
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /frame", s.setFrame)
	mux.HandleFunc("PUT /page", s.setPage)
	mux.HandleFunc("GET /{$}", s.getPage)
	mux.HandleFunc("GET /live", s.hub.serve)
	mux.HandleFunc("POST /say", s.say)
	mux.HandleFunc("POST /api/v1/boards/home/posts", s.post)
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // at the start
	if err != nil {
		log.Fatal("raw: ", err)
	}
	fmt.Printf("http://%s\n", l.Addr())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 3 * time.Second, IdleTimeout: time.Minute}
	log.Fatal(server.Serve(l)) // until it is killed
}

type site struct {
	hub  hub
	rows *rows
	page atomic.Pointer[page]
}

// page is what every reader is sent.
type page struct {
	body             []byte
	encoding, length []string
}

var kind = []string{"text/html; charset=utf-8"}

func (s *site) setPage(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.page.Store(&page{body, r.Header["Content-Encoding"], []string{strconv.Itoa(len(body))}})
}

func (s *site) getPage(w http.ResponseWriter, _ *http.Request) {
	p := s.page.Load()
	h := w.Header()
	h["Content-Type"], h["Content-Encoding"], h["Content-Length"] = kind, p.encoding, p.length
	_, _ = w.Write(p.body)
}

func (s *site) setFrame(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.hub.setFrame(body)
}

// answer is as long as Mayfly's.
var answer = append(append([]byte(`{"post":"`), bytes.Repeat([]byte("x"), 540)...), `"}`...)

func created(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer)
}

// say tells all readers of a message, and keeps nothing.
func (s *site) say(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := s.hub.tell(body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	created(w)
}

// post keeps a message, durably, and tells nobody.
func (s *site) post(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if err := s.rows.insert(body); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	created(w)
}
