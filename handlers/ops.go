package handlers

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/pprof"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"mayfly/board"
)

// opsTime is how long an answer to an operator may take: a profile runs for a while.
const opsTime = 2 * time.Minute

// NewOpsServer is NewHTTPServer for who runs the process.
func NewOpsServer(h http.Handler, log *slog.Logger) *http.Server {
	srv := NewHTTPServer(h, log)
	srv.WriteTimeout = opsTime
	return srv
}

// Vitals is what an operator is told beside what a Server knows by itself.
type Vitals struct {
	Keys   func() int // posts and replies that have one
	Sweeps func() board.Sweeps
}

// Ops answers whoever runs the process, at an address that is not the board's: whether
// it is ready, counts, and profiles. It tells nothing that somebody wrote or was. The
// command line is not among the profiles: it may hold a password.
func (s *Server) Ops(v Vitals) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /readyz", s.handle(s.healthz))
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		s.writeMetrics(w, v)
	})
	mux.HandleFunc("GET /debug/pprof/{$}", pprof.Index)
	for _, name := range []string{"goroutine", "heap", "allocs", "block", "mutex", "threadcreate"} {
		mux.Handle("GET /debug/pprof/"+name, pprof.Handler(name))
	}
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'") // the index of profiles
		if !bareHost(r.Host) {
			http.Error(w, "ask by localhost or by an address: another site may have pointed its name here", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// writeMetrics writes what Prometheus reads.
func (s *Server) writeMetrics(w io.Writer, v Vitals) {
	m := metrics{w}
	sweeps := v.Sweeps()
	m.gauge("mayfly_keys", "Posts and replies that live.", float64(v.Keys()))
	m.counter("mayfly_sweeps_total", "Sweeps that destroyed keys.", sweeps.Done)
	m.counter("mayfly_sweep_failures_total", "Steps of sweeps that failed, and were tried again.", sweeps.Failed)
	m.gauge("mayfly_sweep_lag_seconds", "Time since the last sweep; endings are late after 5, and the process ends after 10.", sweeps.Since.Seconds())
	m.gauge("mayfly_sockets", "Pages and programs that listen.", float64(s.gate.OpenSockets()))
	m.head("mayfly_refusals_total", "counter", "Answers that refused, by their status.")
	for status := range s.refusals {
		if n := s.refusals[status].Load(); n > 0 {
			fmt.Fprintf(w, "mayfly_refusals_total{status=\"%d\"} %d\n", status, n)
		}
	}
	m.head("mayfly_asked", "gauge", "How many asked within about an hour.")
	var waited strings.Builder
	for _, name := range slices.Sorted(maps.Keys(costs)) {
		late, all := s.gate.Waits(costs[name])
		fmt.Fprintf(w, "mayfly_asked{what=%q} %d\n", name, all)
		fmt.Fprintf(&waited, "mayfly_waited{what=%q} %d\n", name, late)
	}
	m.head("mayfly_waited", "gauge", "How many of them had to wait, or to bring a proof.")
	_, _ = io.WriteString(w, waited.String())
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	m.gauge("go_goroutines", "Goroutines.", float64(runtime.NumGoroutine()))
	m.gauge("go_memstats_heap_alloc_bytes", "Bytes of the heap in use.", float64(memory.HeapAlloc))
	m.gauge("go_memstats_sys_bytes", "Bytes that the runtime has of the system.", float64(memory.Sys))
	m.counter("go_gc_cycles_total", "Collections.", int64(memory.NumGC))
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		m.gauge("process_open_fds", "File descriptors.", float64(len(open)-1)) // one is that of the folder
	}
}

type metrics struct{ io.Writer }

func (m metrics) head(name, kind, help string) {
	fmt.Fprintf(m, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (m metrics) gauge(name, help string, value float64) {
	m.head(name, "gauge", help)
	fmt.Fprintf(m, "%s %g\n", name, value)
}

func (m metrics) counter(name, help string, value int64) {
	m.head(name, "counter", help)
	fmt.Fprintf(m, "%s %d\n", name, value)
}

// refusals are counted by status, and by nothing else.
type refusals [600]atomic.Int64

func (r *refusals) count(status int) {
	if status > 0 && status < len(r) {
		r[status].Add(1)
	}
}
