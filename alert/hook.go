package alert

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Style is how a URL wants to be told.
type Style string

// The styles there are.
const (
	Ntfy   Style = "ntfy"   // the sentence as the body of a POST
	Slack  Style = "slack"  // {"text": …}, which Mattermost, Rocket.Chat and others take too
	Matrix Style = "matrix" // a message into a room, by the client API
)

// Hook tells a URL.
type Hook struct {
	style  Style
	to     *url.URL
	token  string
	client *http.Client
}

// NewHook gives a Hook. The token, if there is one, is sent as a bearer's. Of a
// Matrix room the URL ends with /send/m.room.message.
func NewHook(style Style, to *url.URL, token string) *Hook {
	return &Hook{style: style, to: to, token: token, client: &http.Client{
		Timeout: sendTime,
		// What leads elsewhere is no receiver: the host has named one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Send tells one sentence.
func (h *Hook) Send(ctx context.Context, sentence string) error {
	req, err := h.request(ctx, sentence)
	if err != nil {
		return errors.New("the receiver’s address can't be asked")
	}
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	res, err := h.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4<<10)
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the receiver answers %d", res.StatusCode)
	}
	return nil
}

func (h *Hook) request(ctx context.Context, sentence string) (*http.Request, error) {
	switch h.style {
	case Slack:
		return sendJSON(ctx, http.MethodPost, h.to, map[string]string{"text": sentence})
	case Matrix: // each message under a number of its own
		return sendJSON(ctx, http.MethodPut, h.to.JoinPath(rand.Text()), map[string]string{"msgtype": "m.text", "body": sentence})
	case Ntfy:
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.to.String(), bytes.NewReader([]byte(sentence)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	req.Header.Set("Title", "Mayfly")
	return req, nil
}

func sendJSON(ctx context.Context, method string, to *url.URL, v any) (*http.Request, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// withoutURL is what went wrong, without where: the address of a hook is its secret.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}
