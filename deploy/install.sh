#!/bin/sh
# Installs Mayfly on a machine with systemd, or brings it up to date: run it again with
# a newer release, and posts, settings and keys stay. It asks nothing.
#
#   sudo ./install.sh --domain board.example          HTTPS by itself, on ports 80 and 443
#   sudo ./install.sh --base-url https://board.example --trusted-proxies 127.0.0.1/32
#   sudo ./install.sh --addr :8080                    by address alone, as on a LAN
#   sudo ./install.sh                                 for this machine alone, 127.0.0.1:8080
#   sudo ./install.sh --uninstall [--yes]             takes everything away, posts and keys too
#
#   --binary FILE         this program, rather than the one beside this script
#   --env MAYFLY_X=VALUE  any other setting of /etc/mayfly.env; an empty value takes it out
set -eu

program=/usr/local/bin/mayfly
helper=/usr/local/bin/mayflyctl
settings=/etc/mayfly.env
unit=/etc/systemd/system/mayfly.service
ports=$unit.d/ports.conf
data=/var/lib/mayfly
keys=/run/mayfly
account=mayfly

say() { printf '%s\n' "$*"; }
fail() {
	printf 'install: %s\n' "$*" >&2
	exit 1
}

usage() {
	sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"
	exit "$1"
}

# need says what a flag lacks.
need() { [ "$2" -ge 2 ] || fail "$1 wants a value after it."; }

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
binary=
changes=
uninstall=
yes=
line='
'
while [ $# -gt 0 ]; do
	case $1 in
	--domain) need "$1" $# && changes="$changes${line}MAYFLY_TLS_DOMAIN=$2" && shift ;;
	--base-url) need "$1" $# && changes="$changes${line}MAYFLY_BASE_URL=$2" && shift ;;
	--trusted-proxies) need "$1" $# && changes="$changes${line}MAYFLY_TRUSTED_PROXIES=$2" && shift ;;
	--addr) need "$1" $# && changes="$changes${line}MAYFLY_ADDR=$2" && shift ;;
	--env) need "$1" $# && changes="$changes$line$2" && shift ;;
	--binary) need "$1" $# && binary=$2 && shift ;;
	--uninstall) uninstall=yes ;;
	--yes) yes=yes ;;
	-h | --help) usage 0 ;;
	*) printf 'install: %s is no flag of this script.\n\n' "$1" >&2 && usage 2 >&2 ;;
	esac
	shift
done

[ "$(id -u)" = 0 ] || fail "it makes a user and a service, which root alone may do: run it with sudo."
if [ ! -d /run/systemd/system ] || ! command -v systemctl >/dev/null; then
	fail "there is no systemd running here. Start the program by hand, or in a container: docs/operating.md has both."
fi

# setting prints what a settings file says of a name.
setting() { sed -n "s/^$2=//p" "$1" 2>/dev/null | tail -n 1 | sed 's/^"\(.*\)"$/\1/'; }

take_away() {
	if [ -z "$yes" ]; then
		[ -t 0 ] || fail "--uninstall ends every post for good and takes the data along; say --yes if that is meant."
		printf 'Every post ends for good, and settings and accounts go. Type yes to go on: '
		read -r answer
		[ "$answer" = yes ] || fail "nothing was touched."
	fi
	elsewhere=
	for name in MAYFLY_DATA MAYFLY_KEYS; do
		case $(setting "$settings" $name) in
		'' | "$data" | "$keys") ;;
		*) elsewhere="$elsewhere $(setting "$settings" $name)" ;;
		esac
	done
	systemctl disable --now mayfly.service >/dev/null 2>&1 || true
	rm -rf -- "$unit.d" "$data" "$keys"
	rm -f -- "$unit" "$settings" "$settings.new" "$program" "$program.new" "$program.old" "$helper"
	systemctl daemon-reload
	systemctl reset-failed mayfly.service >/dev/null 2>&1 || true
	if id "$account" >/dev/null 2>&1; then userdel "$account"; fi
	say "Mayfly is gone: program, service, user, settings, data and keys."
	[ -z "$elsewhere" ] || say "What you keep elsewhere is left to you:$elsewhere"
	exit 0
}
[ -z "$uninstall" ] || take_away

# Which program, and whether it is the one that was released.
case $(uname -m) in
x86_64 | amd64) arch=amd64 ;;
aarch64 | arm64) arch=arm64 ;;
*) fail "there is no program for $(uname -m), only for 64-bit PCs (amd64) and ARM (arm64). With Go and gcc, \"go build\" makes one for --binary." ;;
esac
binary=${binary:-$here/mayfly-linux-$arch}
[ -f "$binary" ] || fail "$binary is not there. Run this script from the unpacked release, or say --binary FILE."
sums=$(dirname -- "$binary")/SHA256SUMS
if grep -q "  $(basename -- "$binary")\$" "$sums" 2>/dev/null; then
	(cd "$(dirname -- "$binary")" && grep "  $(basename -- "$binary")\$" SHA256SUMS | sha256sum --check --status) ||
		fail "$binary is not what SHA256SUMS says: it was damaged or changed. Fetch the release again."
else
	say "No checksum stands beside $binary: it is taken as it is."
fi
for file in mayfly.service mayflyctl; do
	[ -f "$here/$file" ] || fail "$here/$file is not there. Run this script from the unpacked release."
done

# Until everything is checked, nothing that runs is touched.
fresh=
undo() {
	rm -f "$program.new" "$settings.new"
	if [ -n "$fresh" ]; then userdel "$account" 2>/dev/null || true; fi
}
trap undo EXIT
trap 'exit 1' INT TERM
if ! id "$account" >/dev/null 2>&1; then
	fresh=yes
	useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$account"
fi
install -D -m 0755 "$binary" "$program.new"

umask 077
if [ -f "$settings" ]; then
	cat "$settings" >"$settings.new"
else
	printf '# What Mayfly is started with: its flags as MAYFLY_… lines ("mayfly --help").\n# After a change: systemctl restart mayfly\n' >"$settings.new"
fi
put() { # NAME VALUE: "" takes the line out
	sed -i "/^$1=/d" "$settings.new"
	[ -z "$2" ] || printf '%s="%s"\n' "$1" "$2" >>"$settings.new"
}
while IFS= read -r change; do
	[ -n "$change" ] || continue
	case $change in
	MAYFLY_*=*) ;;
	*) fail "--env $change: give MAYFLY_SOMETHING=VALUE." ;;
	esac
	case ${change%%=*} in *[!A-Z_]*) fail "--env $change: give MAYFLY_SOMETHING=VALUE." ;; esac
	case $change in *[\"\\]*) fail "$change: quotes and backslashes can't stand in a setting." ;; esac
	put "${change%%=*}" "${change#*=}"
done <<END
$changes
END
tls=$(setting "$settings.new" MAYFLY_TLS_DOMAIN)$(setting "$settings.new" MAYFLY_TLS_CERT)
case $changes in
*MAYFLY_ADDR=?*) ;;
*"${line}MAYFLY_TLS_DOMAIN="?* | *"${line}MAYFLY_TLS_CERT="?*) put MAYFLY_ADDR "" ;; # its own default, :80
esac
if [ -z "$tls" ] && [ -z "$(setting "$settings.new" MAYFLY_ADDR)" ]; then
	put MAYFLY_ADDR 127.0.0.1:8080
fi

# The program itself says what is wrong with a setting.
after=$(MAYFLYCTL_SETTINGS=$settings.new MAYFLYCTL_PROGRAM=$program.new "$here/mayflyctl" version) ||
	fail "nothing was changed."
before=
[ ! -x "$program" ] || before=$("$program" version 2>/dev/null) || before="a program that does not say its version"

install -m 0644 "$here/mayfly.service" "$unit"
install -m 0755 "$here/mayflyctl" "$helper"
if [ -n "$tls" ]; then # the two ports below 1024
	install -d -m 0755 "$unit.d"
	printf '[Service]\nAmbientCapabilities=CAP_NET_BIND_SERVICE\nCapabilityBoundingSet=CAP_NET_BIND_SERVICE\n' >"$ports"
	chmod 0644 "$ports"
else
	rm -rf "$unit.d/ports.conf"
	rmdir "$unit.d" 2>/dev/null || true
fi
mv "$settings.new" "$settings"
[ -z "$before" ] || cp -p "$program" "$program.old"
mv "$program.new" "$program"
fresh=
trap - EXIT
systemctl daemon-reload
systemctl enable --quiet mayfly.service

# started restarts the service and waits until it is well.
started() {
	systemctl restart mayfly.service || return 1
	tries=$(systemctl show -p NRestarts --value mayfly.service) # of the program before as well
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
		if "$helper" healthcheck 2>/dev/null; then return 0; fi
		if [ "$(systemctl show -p SubState --value mayfly.service)" = failed ]; then return 1; fi
		if [ "$(systemctl show -p NRestarts --value mayfly.service)" -ge $((tries + 3)) ]; then return 1; fi
		sleep 1
	done
	return 1
}

if ! started; then
	say "What the service said last:" >&2
	journalctl --quiet --no-pager --unit mayfly.service --lines 8 --output cat >&2 || true
	[ -n "$before" ] || fail "Mayfly was installed and did not become well. Mend what is said above and run this again, or \"systemctl restart mayfly\"."
	mv "$program.old" "$program"
	if started; then
		fail "$after did not become well. $before runs again, with everything that was there."
	fi
	fail "$after did not become well, and $before does not either: journalctl -u mayfly says why."
fi
rm -f "$program.old"

case $before in
'') say "Installed: $after." ;;
"$after") say "Restarted: $after, as before." ;;
*) say "Upgraded: $before before, $after now." ;;
esac
base=$(setting "$settings" MAYFLY_BASE_URL)
name=$(setting "$settings" MAYFLY_TLS_DOMAIN)
if [ -n "$base" ]; then
	say "The board: $base"
elif [ -n "$name" ]; then
	say "The board: https://${name%%,*}"
else
	say "The board: http on $(setting "$settings" MAYFLY_ADDR)"
fi
say "Settings: $settings. Commands: sudo mayflyctl doctor, sudo mayflyctl settings get, …"
# The setup link is a secret, and what is printed may be kept: it is for a terminal.
if [ -t 1 ]; then
	"$helper" admin link 2>/dev/null || true
elif [ -z "$before" ]; then
	say "It has no owner yet: sudo mayflyctl admin link prints the link that makes one."
fi
