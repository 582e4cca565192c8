package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFramesAreReadWholeOrNotAtAll(t *testing.T) {
	for _, size := range []int{0, 5, 125, 126, 70_000} {
		payload := bytes.Repeat([]byte("x"), size)
		data := append(textFrame(payload), 0x89, 0)
		for _, cut := range []int{0, 1, 3, len(data) - 3} {
			if cut >= len(data)-2 {
				continue
			}
			if _, n := parseFrame(data[:cut]); n != 0 {
				t.Errorf("%d bytes of a frame of %d were read as one", cut, size)
			}
		}
		f, n := parseFrame(data)
		if f.op != opText || !bytes.Equal(f.payload, payload) || n != len(data)-2 {
			t.Errorf("a frame of %d: op %d, %d bytes of it, %d in all", size, f.op, len(f.payload), n)
		}
		if f, n = parseFrame(data[n:]); f.op != opPing || n != 2 {
			t.Errorf("the ping after it: op %d of %d bytes", f.op, n)
		}
	}
}

func textFrame(payload []byte) []byte {
	switch n := len(payload); {
	case n < 126:
		return append([]byte{0x81, byte(n)}, payload...)
	case n < 1<<16:
		return append([]byte{0x81, 126, byte(n >> 8), byte(n)}, payload...)
	default:
		return append([]byte{0x81, 127, 0, 0, 0, 0, 0, byte(n >> 16), byte(n >> 8), byte(n)}, payload...)
	}
}

func TestEveryMessageInAFrameIsFound(t *testing.T) {
	frame := "<p>" + words(7, 40) + "</p><p>" + words(1234567, 0) + "</p><p>benchpost 12</p>"
	if got, want := slices.Collect(numbers([]byte(frame))), []int{7, 1234567}; !slices.Equal(got, want) {
		t.Errorf("numbers = %v, want %v", got, want)
	}
	if got := words(7, 40); !strings.HasPrefix(got, "benchpost 0000007 ") || len(got) < 40 {
		t.Errorf("words = %q", got)
	}
}

func TestProcessorTimeIsReadPastAnyName(t *testing.T) {
	stat := "42 (a ) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0"
	if got, want := cpuTime(stat), 2*time.Second; got != want {
		t.Errorf("cpuTime = %s, want %s", got, want)
	}
	if got := statusBytes("Name:\tx\nVmRSS:\t    2048 kB\n", "VmRSS"); got != 2<<20 {
		t.Errorf("statusBytes = %d, want 2 MiB", got)
	}
}
