package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOnlyWhatGrowsIsAboveItsNoise(t *testing.T) {
	draw := rand.New(rand.NewPCG(1, 2))
	for _, tt := range []struct {
		name  string
		at    func(look int) float64
		grows bool
	}{
		{"nothing moves", func(int) float64 { return 20 }, false},
		{"it goes up and down", func(int) float64 { return 20 + draw.Float64() }, false},
		{"a saw", func(n int) float64 { return float64(n % 7) }, false},
		{"a wave that is slower than the looks", func(n int) float64 { return []float64{0, 1, 2, 3, 4, 4, 3, 2, 1, 0}[n/2%10] }, false},
		{"it shrinks", func(n int) float64 { return 20 - float64(n) }, false},
		{"a leak without noise", func(n int) float64 { return 20 + 0.1*float64(n) }, true},
		{"a leak in noise", func(n int) float64 { return 20 + 0.1*float64(n) + draw.Float64() }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var looks []float64
			for n := range 60 {
				looks = append(looks, tt.at(n))
			}
			if slope, noise := trend(looks); slope > max(noise, 1e-9) != tt.grows {
				t.Errorf("a slope of %g with noise %g", slope, noise)
			}
		})
	}
}

func TestAMarkerIsFoundHoweverItIsWritten(t *testing.T) {
	for shift := range 6 {
		text := slices.Concat(bytes.Repeat([]byte("x"), shift), []byte(words(shift)))
		for name, written := range map[string]string{"plain": string(text), "hex": hex.EncodeToString(text), "base64": base64.StdEncoding.EncodeToString(text), "base64 for URLs": base64.RawURLEncoding.EncodeToString(text)} {
			if !slices.ContainsFunc(forms(), func(f []byte) bool { return bytes.Contains([]byte(written), f) }) {
				t.Errorf("%s after %d bytes: %s is not found", name, shift, written)
			}
		}
	}
}
