#!/bin/sh
# Builds what is given out: static programs for linux on amd64 and arm64, with what
# installs them, what they are made of (a bill of materials, CycloneDX) and under which
# licences, and their checksums, into dist/.
#
#   deploy/release.sh [--source CHECKOUT] [--out FOLDER] [--arch ARCH] [--once]
#
# Everything is built and packed twice, the second time later, from another folder, with
# an empty cache, another time zone, language and umask, and must come out the same to the
# byte; --once leaves that out.
set -eu

say() { printf '%s\n' "$*"; }
fail() {
	printf 'release: %s\n' "$*" >&2
	exit 1
}

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
source=${here%/*}
out=
arches="amd64 arm64"
once=
while [ $# -gt 0 ]; do
	case $1 in
	--source) source=$2 && shift ;;
	--out) out=$2 && shift ;;
	--arch) arches=$2 && shift ;;
	--once) once=yes ;;
	*) fail "$1 is no flag of this script; see its first lines." ;;
	esac
	shift
done
source=$(CDPATH='' cd -- "$source" && pwd)
out=${out:-$source/dist}

compiler() { # of an architecture
	case $1:$(go env GOHOSTARCH) in
	amd64:amd64 | arm64:arm64) echo gcc ;;
	amd64:*) echo x86_64-linux-gnu-gcc ;;
	arm64:*) echo aarch64-linux-gnu-gcc ;;
	*) fail "there is no release for $1, only for amd64 and arm64." ;;
	esac
}

# A cross compiler is one package of Debian's; without apt it is for you to install.
missing=
for arch in $arches; do
	cc=$(compiler "$arch")
	command -v "$cc" >/dev/null && continue
	case $cc in
	gcc) missing="$missing gcc libc6-dev" ;;
	aarch64-*) missing="$missing gcc-aarch64-linux-gnu libc6-dev-arm64-cross" ;;
	x86_64-*) missing="$missing gcc-x86-64-linux-gnu libc6-dev-amd64-cross" ;;
	esac
done
if [ -n "$missing" ]; then
	[ "$(id -u)" = 0 ] && sudo='' || sudo=sudo
	if ! command -v apt-get >/dev/null || ! $sudo true; then
		fail "please install a C compiler for each architecture; on Debian:$missing"
	fi
	say "The release needs$missing; installing."
	$sudo apt-get update -q
	# shellcheck disable=SC2086 # a list of packages
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi

version=$(git -c safe.directory='*' -C "$source" describe --tags --always --dirty --abbrev=12)
made=$(git -c safe.directory='*' -C "$source" log -1 --format=%ct)
work=$(mktemp -d)
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT INT TERM

build() { # FOLDER ARCH FILE: the flags are the Dockerfile's
	(
		cd "$1"
		unset GOFLAGS CGO_CFLAGS CGO_CPPFLAGS CGO_LDFLAGS
		CGO_ENABLED=1 GOOS=linux GOARCH=$2 CC=$(compiler "$2") \
			go build -trimpath -buildvcs=false -tags netgo,osusergo,timetzdata,sqlite_omit_load_extension \
			-ldflags "-s -w -X main.built=$version -linkmode external -extldflags \"-static\"" -o "$3" .
	)
}

files="install.sh mayfly.service mayflyctl LICENSE licences.txt CHANGELOG.md SECURITY.md"
mkdir -p "$work/new"
for arch in $arches; do
	say "mayfly $version for $arch"
	build "$source" "$arch" "$work/new/mayfly-linux-$arch"
	files="mayfly-linux-$arch $files"
done
put() { # CHECKOUT FOLDER: beside the programs
	cp "$1/deploy/install.sh" "$1/deploy/mayfly.service" "$1/deploy/mayflyctl" "$1/LICENSE" "$1/licences.txt" "$1/CHANGELOG.md" "$1/SECURITY.md" "$2"
	chmod 0755 "$2"/mayfly-linux-* "$2/install.sh" "$2/mayflyctl"
	chmod 0644 "$2/mayfly.service" "$2/LICENSE" "$2/licences.txt" "$2/CHANGELOG.md" "$2/SECURITY.md"
}
pack() ( # FOLDER FILES: with their checksums, into an archive
	cd "$1"
	shift
	sha256sum "$@" >SHA256SUMS
	chmod 0644 SHA256SUMS
	tar --create --file - --transform "s,^,mayfly-$version/," --sort=name --mtime="@$made" --owner=0 --group=0 --numeric-owner \
		"$@" SHA256SUMS | gzip -9n >"mayfly-$version.tar.gz"
	sha256sum "mayfly-$version.tar.gz" >>SHA256SUMS
)
put "$source" "$work/new"

# It runs where there is nothing else: no libc, no shell, no other file.
for arch in $arches; do
	if readelf -lW "$work/new/mayfly-linux-$arch" | grep -q INTERP; then
		fail "mayfly-linux-$arch is not static."
	fi
	bare=$work/bare-$arch
	mkdir -p "$bare/tmp"
	cp "$work/new/mayfly-linux-$arch" "$bare/mayfly"
	emulator=
	if [ "$arch" != "$(go env GOHOSTARCH)" ]; then
		case $arch in amd64) emulator=qemu-x86_64-static ;; arm64) emulator=qemu-aarch64-static ;; esac
		if ! command -v $emulator >/dev/null; then
			say "mayfly-linux-$arch was not run: that takes qemu-user-static."
			continue
		fi
		cp "$(command -v $emulator)" "$bare/emulator"
	fi
	enter=chroot
	[ "$(id -u)" = 0 ] || enter="unshare --map-root-user chroot"
	# shellcheck disable=SC2086 # words of a command
	run() { $enter "$bare" ${emulator:+/emulator} /mayfly "$@"; }
	[ "$(run version)" = "mayfly $version" ] || fail "mayfly-linux-$arch does not say its version."
	[ "$(run settings get post_chars --data /tmp/data)" = 1000 ] || fail "mayfly-linux-$arch can't open a database."
	say "mayfly-linux-$arch is static and runs by itself${emulator:+, under qemu}"
	bill=mayfly-linux-$arch.cdx.json
	run version --bill >"$work/new/$bill"
	grep -q '"name": "github.com/mattn/go-sqlite3"' "$work/new/$bill" || fail "$bill does not say what it is made of."
	if grep -q NOASSERTION "$work/new/$bill"; then fail "$bill names a module whose licence nobody has read: make licences."; fi
	chmod 0644 "$work/new/$bill"
	files="$files $bill"
done

if [ -z "$once" ]; then
	mkdir "$work/copy" "$work/again"
	git -c safe.directory='*' -C "$source" ls-files -z | tar -C "$source" --null -T - -cf - | tar -C "$work/copy" -xf -
	for arch in $arches; do
		(
			umask 077
			export GOCACHE="$work/cache" TZ=Pacific/Auckland LC_ALL=tr_TR.UTF-8
			build "$work/copy" "$arch" "$work/again/mayfly-linux-$arch"
		)
		cmp "$work/new/mayfly-linux-$arch" "$work/again/mayfly-linux-$arch" ||
			fail "mayfly-linux-$arch comes out otherwise the second time."
		say "mayfly-linux-$arch comes out the same from another folder and an empty cache"
	done
fi

# shellcheck disable=SC2086 # a list of files
pack "$work/new" $files
if [ -z "$once" ]; then
	put "$work/copy" "$work/again"
	if [ -n "$(ls "$work/new"/*.cdx.json 2>/dev/null)" ]; then cp "$work/new"/*.cdx.json "$work/again"; fi
	# shellcheck disable=SC2086
	pack "$work/again" $files
	cmp "$work/new/SHA256SUMS" "$work/again/SHA256SUMS" || fail "the archive comes out otherwise the second time."
	say "mayfly-$version.tar.gz comes out the same"
fi
cd "$work/new"
if [ -n "$(ls -A "$out" 2>/dev/null)" ] && [ ! -f "$out/SHA256SUMS" ]; then
	fail "$out holds something else than a release; give an empty folder to --out."
fi
rm -rf "$out"
mkdir -p "$out"
cp -p -- * "$out"
cd "$out"
sha256sum --check --quiet SHA256SUMS
du -h -- *
