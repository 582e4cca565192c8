# `make` says what there is. Tools are pinned here or in go.mod.

golangci := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
fuzztime ?= 60s
bench    ?= .

.DEFAULT_GOAL := help

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## start with a throwaway database; flags go into ARGS
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT INT TERM && go run . --data "$$dir/data" --keys "$$dir/keys" $(ARGS)

generate: ## draw *_templ.go anew
	go tool templ generate

promises: ## write docs/promises.md and docs/requirements.md anew, once you have looked at what changed
	go test ./docs -run TestPagesAreAsTheLedgerHasThem -count=1 -update

licences: ## write licences.txt anew, of what is built in
	go test . -run TestEverythingBuiltInHasALicenceThatLetsItBeGivenOn -count=1 -update

fmt: ## format everything
	go tool templ fmt .
	$(golangci) fmt

lint: ## golangci-lint, and vet of the browser's tests
	$(golangci) run
	go vet -tags e2e ./...

check: generated lint test ## all that CI runs

test: tools ## all tests, the browser's too; installs what is missing
	GORACE=atexit_sleep_ms=0 go test -race -shuffle=on ./...
	go test -tags e2e -timeout 20m ./e2e

e2e: tools ## the browser's tests
	go test -tags e2e -timeout 20m ./e2e

bench: ## measure it beside a raw baseline; ARGS="-only feed,fan1k -rounds 3", ARGS=-write for docs/performance.md
	@go run ./bench $(ARGS)

benchmarks: ## Go benchmarks six times, for benchstat; bench=Feed picks some
	go test -run '^$$' -bench '$(bench)' -count 6 ./...

raid: ## let a raid loose on a server of its own; flags go into ARGS
	@go run ./e2e/raid $(ARGS)

small: ## hold it to one core and 512 MB, and say how it does there; flags go into ARGS
	@go run ./e2e/small $(ARGS)

forensics: ## look for what should be gone, on the disk itself, for half an hour; ARGS="-short", ARGS="-steps kill,raw"
	@go run ./e2e/forensics $(ARGS)
attack: ## what strangers try, against a built server, and the pages in a browser; ARGS="-only sockets,texts"
	@go run ./e2e/attack $(ARGS)
	go test -tags e2e -count=1 -run '^TestNothing.*Runs$$' ./e2e

soak: ## a day in fifteen minutes, then slow peers, idle sockets, restarts, a full disk and more; ARGS="-long 2m -only day"
	@go run ./e2e/soak $(ARGS)

fuzz: ## each fuzz target for 60 s; fuzztime=5m for longer
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' "$$package" | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(fuzztime) "$$package" || exit 1; \
		done; \
	done

release: ## static programs for amd64 and arm64 with checksums, built twice and compared, into dist/
	@deploy/release.sh $(ARGS)

image: ## docker build
	docker build -t mayfly --build-arg VERSION="$$(git describe --tags --always --dirty --abbrev=12)" .

image-check: ## build the image without a container engine, start it, find it well
	@deploy/image.sh $(ARGS)

firstday: tools ## a host's first day on a bare Debian with a real systemd; ARGS="-from v1.0" upgrades from that
	@command -v debootstrap >/dev/null && command -v systemd-nspawn >/dev/null && exit 0; \
	echo "The first day needs debootstrap and systemd-container; installing."; \
	apt-get update -q && env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends debootstrap systemd-container
	go test -tags e2e -count=1 -v -timeout 20m ./e2e/firstday $(ARGS)

# What is committed must be what templ makes of it now.
generated:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	find . -name '*.templ' | tar -cf - -T - | tar -xf - -C "$$dir" && \
	go tool templ fmt -log-level error "$$dir" && \
	go tool templ generate -path "$$dir" -log-level error && \
	(find . -name '*.templ' -o -name '*_templ.go'; cd "$$dir" && find . -name '*_templ.go') | sort -u | { \
		while read -r file; do \
			cmp -s "$$file" "$$dir/$$file" || { echo "$$file is not as templ makes it: make fmt generate"; stale=1; }; \
		done; \
		exit $${stale:-0}; \
	}

# A C compiler for SQLite and the race detector, a browser, and two proxies, which are
# not left running where they are installed here.
tools:
	@missing=; \
	command -v $${CC:-gcc} >/dev/null || missing="gcc libc6-dev"; \
	for browser in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$browser >/dev/null && found=$$browser; \
	done; \
	[ -n "$$found" ] || missing="$$missing chromium fonts-liberation"; \
	for proxy in nginx caddy; do \
		PATH="$$PATH:/usr/sbin" command -v $$proxy >/dev/null || { missing="$$missing $$proxy"; idle="$$idle $$proxy"; }; \
	done; \
	[ -n "$$missing" ] || exit 0; \
	[ "$$(id -u)" = 0 ] || sudo=sudo; \
	if command -v apt-get >/dev/null && $$sudo true; then \
		echo "The tests need $$missing; installing."; \
		$$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $$missing && \
		if [ -n "$$idle" ] && [ -d /run/systemd/system ]; then $$sudo systemctl disable --now -q $$idle; fi; \
	else \
		echo "The tests need a C compiler, Chromium or Google Chrome, nginx and Caddy; please install: $$missing"; exit 1; \
	fi

.PHONY: help run generate promises licences fmt lint check test e2e bench benchmarks raid small forensics soak attack fuzz release image image-check firstday generated tools
