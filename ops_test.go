package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// opsOf asks by a socket, as curl --unix-socket does.
func opsOf(t *testing.T, socket, host, path string) (int, string) {
	t.Helper()
	by := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := by.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

func TestWhatOperatorsAreToldHoldsNoWordsAddressCookieOrKey(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "ops")
	site := start(t, "--addr", "127.0.0.1:0", "--ops-addr", "unix:"+socket, "--trusted-proxies", "127.0.0.0/8", "--set", "contact=host@river.example", "--set", "post=6/1")
	const words, address, agent = "somebodyswords", "203.0.113.77", "somebodysbrowser"
	var secrets []string
	for range 3 { // the others are refused
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site.url+"/api/v1/boards/home/posts", strings.NewReader(`{"body":"`+words+` number `+strings.Repeat("n", len(secrets)+1)+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Forwarded-For", address)
		req.Header.Set("User-Agent", agent)
		res, err := browser.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range res.Cookies() {
			secrets = append(secrets, c.Value, strings.Split(c.Value, ".")[0])
		}
		for part := range strings.SplitSeq(string(body), `"`) {
			if len(part) == 22 || len(part) == 26 { // owner keys and ids
				secrets = append(secrets, part)
			}
		}
	}
	if len(secrets) < 4 {
		t.Fatalf("the test knows only %q", secrets)
	}
	site.listen(t)
	status, told := opsOf(t, socket, "localhost", "/metrics")
	for _, want := range []string{"mayfly_keys ", "mayfly_sweeps_total ", "mayfly_sweep_lag_seconds ", "mayfly_sockets 1\n", "mayfly_refusals_total{status=\"429\"} ", "mayfly_asked{what=\"post\"} 3\n", "mayfly_waited{what=\"post\"} ", "go_goroutines ", "go_memstats_heap_alloc_bytes ", "process_open_fds "} {
		if status != http.StatusOK || !strings.Contains(told, want) {
			t.Errorf("status %d, without %q", status, want)
		}
	}
	for _, path := range []string{"/readyz", "/debug/pprof/", "/debug/pprof/goroutine?debug=2", "/debug/pprof/goroutine?debug=1", "/debug/pprof/heap?debug=1", "/debug/pprof/allocs", "/debug/pprof/mutex?debug=1"} {
		status, more := opsOf(t, socket, "127.0.0.1", path)
		if status != http.StatusOK {
			t.Errorf("%s: status %d", path, status)
		}
		told += more
	}
	for _, secret := range append(secrets, words, address, agent, "203.0.113", "river.example", site.data) {
		if strings.Contains(told, secret) {
			t.Errorf("it tells %q", secret)
		}
	}
	for path, host := range map[string]string{"/debug/pprof/cmdline": "localhost", "/": "localhost", "/metrics": "elsewhere.example"} {
		if status, _ := opsOf(t, socket, host, path); status == http.StatusOK {
			t.Errorf("%s as %s is answered", path, host)
		}
	}
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the socket is open to all: %v, %v", info.Mode(), err)
	}
	for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/"} { // not for visitors
		if got := site.get(t, path); strings.Contains(got, "go_goroutines") || strings.Contains(got, "profile") || got == "ok\n" {
			t.Errorf("the board answers %s with %q", path, got)
		}
	}
}

func TestTheOpsAddressIsOfThisMachineOrOfAPrivateNetwork(t *testing.T) {
	for addr, want := range map[string]bool{
		"": true, "127.0.0.1:9090": true, "[::1]:9090": true, "localhost:9090": true, "10.1.2.3:9090": true, "192.168.0.2:9": true, "[fd00::1]:9": true, "unix:/run/mayfly/ops": true,
		":9090": false, "0.0.0.0:9090": false, "[::]:9090": false, "203.0.113.7:9090": false, "board.example:9090": false, "9090": false, "127.0.0.1": false, "unix:": false,
	} {
		if err := (&Config{OpsAddr: addr}).checkOps(); (err == nil) != want {
			t.Errorf("--ops-addr=%s: %v", addr, err)
		} else if err != nil && !strings.Contains(err.Error(), "such as 127.0.0.1:9090") {
			t.Errorf("it does not say what would do: %v", err)
		}
	}
}
