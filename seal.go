package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"mayfly/argon"
)

// unsealCommand opens a sealed copy of a post, wherever there is this program.
type unsealCommand struct {
	File       string `arg:"" help:"The sealed file."`
	Picture    string `placeholder:"FILE" help:"Where to write its picture, if it has one."`
	Passphrase string `env:"MAYFLY_SEAL_PASSPHRASE" placeholder:"WORDS" help:"What it was sealed with. Better in the environment, or typed when asked."`
}

// Run prints what the file holds.
func (c unsealCommand) Run(ctx context.Context, out io.Writer) error {
	file, err := os.ReadFile(c.File)
	if err != nil {
		return usageError{err}
	}
	if c.Passphrase == "" {
		fmt.Fprint(os.Stderr, "Passphrase: ")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return usageError{errors.New("give the passphrase when asked, or in MAYFLY_SEAL_PASSPHRASE")}
		}
		c.Passphrase = strings.TrimRight(line, "\r\n")
	}
	plain, err := argon.New().Unseal(ctx, c.Passphrase, file)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", c.File, err)}
	}
	var held map[string]json.RawMessage
	var picture []byte
	if err := json.Unmarshal(plain, &held); err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if raw, there := held["picture_bytes"]; there && c.Picture != "" {
		if err := json.Unmarshal(raw, &picture); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		if err := os.WriteFile(c.Picture, picture, 0o600); err != nil {
			return err
		}
		delete(held, "picture_bytes")
	}
	text, err := json.MarshalIndent(held, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, string(text))
	return err
}
