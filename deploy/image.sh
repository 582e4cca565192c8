#!/bin/sh
# Builds the image of the Dockerfile without a container engine (Debian's buildah), starts
# what is in it as compose.yaml does (nobody's account, read-only, two folders, no way out)
# and finds it well. As root, or in "unshare --user --map-auto --map-root-user".
#
#   deploy/image.sh [--base FOLDER]
#
# Where no image can be pulled, golang:1.26-bookworm is made of a bare Debian and of the
# Go that is here; FOLDER keeps that Debian for the next time.
set -eu

say() { printf '%s\n' "$*"; }
fail() {
	printf 'image: %s\n' "$*" >&2
	exit 1
}
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
keep=
if [ "${1:-}" = --base ]; then keep=$2; fi
[ "$(id -u)" = 0 ] || fail "it makes file systems and namespaces, which root alone may do."
missing=
command -v buildah >/dev/null || missing="$missing buildah"
command -v debootstrap >/dev/null || missing="$missing debootstrap"
command -v jq >/dev/null || missing="$missing jq"
if [ -n "$missing" ]; then
	say "The image needs$missing; installing."
	apt-get update -q
	# shellcheck disable=SC2086 # a list of packages
	env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
fi

work=$(mktemp -d)
keep=${keep:-$work/debian}
trap 'rm -rf "$work"' EXIT INT TERM
buildah() { command buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"; }

# What stands for golang:1.26-bookworm.
if [ ! -f "$keep/.whole" ]; then
	say "a bare Debian with gcc, into $keep"
	rm -rf "$keep"
	mkdir -p "$keep"
	debootstrap --variant=minbase --include=gcc,libc6-dev,git,ca-certificates bookworm "$keep" >"$work/debootstrap" 2>&1 ||
		{ tail -n 5 "$work/debootstrap" >&2 && fail "no bare Debian could be made."; }
	rm -rf "$keep"/var/cache/apt/archives/*.deb "$keep"/var/lib/apt/lists/*
	touch "$keep/.whole"
fi
base=$(buildah from scratch)
buildah copy --quiet "$base" "$keep" / >/dev/null
buildah copy --quiet "$base" "$(go env GOROOT)" /usr/local/go >/dev/null
buildah config --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env GOTOOLCHAIN=local "$base"
buildah commit --quiet --rm "$base" docker.io/library/golang:1.26-bookworm >/dev/null

say "the image"
version=$(git -c safe.directory='*' -C "$root" describe --tags --always --dirty --abbrev=12)
buildah bud --isolation chroot --pull-never --format docker --build-arg VERSION="$version" \
	--volume "$(go env GOMODCACHE):/root/go/pkg/mod" --tag mayfly "$root" >"$work/build" 2>&1 ||
	{ tail -n 20 "$work/build" >&2 && fail "the image can't be built."; }

# What it says of itself, and nothing else, decides how it is started.
buildah inspect --type image mayfly >"$work/inspect.json"
of() { jq -r ".Docker.config.$1" "$work/inspect.json"; }
[ "$(of User)" = 65532:65532 ] || fail "it runs as $(of User)."
[ "$(of 'Healthcheck.Test | join(" ")')" = "CMD /mayfly healthcheck" ] || fail "its health is looked at by $(of 'Healthcheck.Test | join(" ")')."
[ "$(of 'Entrypoint | join(" ")')" = /mayfly ] || fail "it starts $(of 'Entrypoint | join(" ")')."
of 'Env[]' | grep '^MAYFLY_' >"$work/env"
container=$(buildah from --pull-never mayfly)
mounted=$(buildah mount "$container")
du -sh "$mounted" | sed 's,\t.*, in the image:,'
(cd "$mounted" && find . -type f)

# In namespaces of its own: no network but its own loopback, its root read-only.
install -d -o 65532 -g 65532 -m 0700 "$work/data" "$work/keys"
cat >"$work/start" <<'END'
set -eu
chroot=$(command -v chroot)
ip link set lo up
mount --bind "$mounted" "$mounted"
mount --bind "$work/data" "$mounted/data"
mount -t tmpfs -o mode=0700,uid=65532,gid=65532 tmpfs "$mounted/keys"
mount -o remount,bind,ro "$mounted"
in_it() { # as the image says: its environment, its user, no capability
	# shellcheck disable=SC2046 # lines of NAME=VALUE
	$how env -i $(cat "$work/env") "$chroot" --userspec=65532:65532 --groups= "$mounted" /mayfly "$@"
}
how=exec # the server itself hears what it is told
in_it >"$work/said" 2>"$work/log" &
server=$!
how=
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
	if in_it healthcheck 2>/dev/null; then
		echo "well after $i tries: $(in_it version)"
		in_it admin link >/dev/null
		if grep -q token "$work/said" "$work/log"; then echo "the setup link is in its log"; exit 1; fi
		kill -TERM $server
		wait $server
		exit
	fi
	sleep 0.5
done
cat "$work/said" "$work/log"
exit 1
END
export mounted work
unshare --mount --net sh "$work/start" || fail "the image does not become well."
buildah rm "$container" >/dev/null
say "The image is well."
