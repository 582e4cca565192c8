//go:build e2e

// Package e2e uses Mayfly as people do: the program as it is built, in a real
// browser, each person with cookies of their own. It knows nothing of the code.
//
// What a browser complains about fails the test that it happened in: an error or
// warning on the console, a refusal by the Content-Security-Policy, an uncaught
// exception, a request that failed or that left the site.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"mayfly/e2e/house"
)

// What all tests share: the program, and one browser.
var (
	built   *house.House
	program string // of it
	browser context.Context
)

func TestMain(m *testing.M) {
	code, err := withBrowser(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

// withBrowser builds the program and starts the browser for as long as run takes.
// Nothing is left behind.
func withBrowser(run func() int) (code int, err error) {
	built, err = house.New(context.Background(), "e2e")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, built.Close()) }()
	program = built.Program
	chromium, err := findBrowser()
	if err != nil {
		return 1, err
	}
	ctx, stop := chromedp.NewExecAllocator(context.Background(), browserOptions(chromium, filepath.Join(built.Dir, "profile"))...)
	defer stop()
	browser, _ = chromedp.NewContext(ctx)
	if err := chromedp.Do(browser); err != nil {
		return 1, fmt.Errorf("start %s: %w", chromium, err)
	}
	code = run()
	closing, cancel := context.WithTimeout(browser, 10*time.Second)
	defer cancel()
	return code, chromedp.Cancel(closing)
}

func findBrowser() (string, error) {
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("these tests need a browser, and none of %s is in PATH; make test installs one", strings.Join(names, ", "))
}

func browserOptions(path, profile string) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(profile),
		chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("lang", "en"),
		chromedp.Flag("host-resolver-rules", "MAP *.test 127.0.0.1"), // a name that is not the machine itself
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // the sandbox refuses root
	}
	return options
}

// must is for what can't fail unless the test itself is wrong.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
