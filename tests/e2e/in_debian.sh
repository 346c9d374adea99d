#!/usr/bin/env bash
# The README's two commands on a fresh machine: a bare Debian 12 with git, make and Python, in a
# folder of its own. As a user and as root, each with uv's registry in reach and out of it.
# Needs root, debootstrap, and apt and pip set up here as they are to be there.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ "$(id -u)" != 0 ] || ! command -v debootstrap >/dev/null; then
    echo 'make test-debian: this needs root and debootstrap (Debian: apt install debootstrap).' >&2
    exit 1
fi
if [ -z "${IN_OWN_MOUNTS:-}" ]; then
    # What is mounted in there goes with this script, however it ends.
    IN_OWN_MOUNTS=1 exec unshare --mount --propagation private "$0" "$@"
fi

machine=$(mktemp --directory --tmpdir phonebook-debian-XXXXXX)
chmod 755 "$machine"
trap 'umount --lazy "$machine/dev/pts" "$machine/dev" "$machine/proc" 2>/dev/null; rm -rf --one-file-system "$machine"' EXIT
out_of_reach=http://127.0.0.1:9/simple

echo 'Making a Debian 12 ...'
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | head -1)
debootstrap --variant=minbase --include=ca-certificates,git,make,python3,python3-venv \
    bookworm "$machine" "$mirror" >"$machine.log" || { cat "$machine.log" >&2; exit 1; }
rm "$machine.log"
mount --bind /dev "$machine/dev"
mount --bind /dev/pts "$machine/dev/pts"
mount -t proc proc "$machine/proc"
cp /etc/resolv.conf "$machine/etc/"
# A certificate authority of this machine's own, and where pip looks for packages.
cp -r /usr/local/share/ca-certificates "$machine/usr/local/share/"
chroot "$machine" update-ca-certificates >/dev/null 2>&1
pip_settings=$(env | grep -E '^(PIP_CERT|PIP_INDEX_URL|https?_proxy|HTTPS?_PROXY)=' || true)
chroot "$machine" useradd --create-home user

# $1 is who, $2 a setting of uv or nothing, $3 a command, $4 how it is tried in a fresh clone.
try_as() {
    echo "$3 as $1, uv $([ "$2" ] && echo out of || echo in) reach ..."
    local home
    home=$(chroot "$machine" sh -c "echo ~$1")
    rm -rf "$machine$home/phonebook"
    git clone --quiet --no-hardlinks . "$machine$home/phonebook"
    chroot "$machine" chown -R "$1": "$home/phonebook"
    # shellcheck disable=SC2086 # each setting is a word
    env -i HOME="$home" PATH=/usr/bin:/bin:/usr/sbin:/sbin $pip_settings $2 \
        SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
        chroot --userspec="$1:" "$machine" bash -euc "cd $home/phonebook; $4"
}

answers='
port=$(python3 -c "import socket; s = socket.create_server((\"127.0.0.1\", 0)); print(s.getsockname()[1])")
make dev PORT=$port &
while ! test -e .local/dev.json; do kill -0 $!; sleep 1; done
python3 -c "
import json, urllib.request
dev = json.load(open(\".local/dev.json\"))
request = urllib.request.Request(dev[\"url\"] + \"/contacts\")
request.add_header(\"Authorization\", \"AccessKey \" + dev[\"token\"])
print(\"make dev answers\", urllib.request.urlopen(request).status)"
kill $!
wait $! || true'

for who in user root; do
    try_as "$who" '' 'make dev' "$answers"
    try_as "$who" UV_DEFAULT_INDEX="$out_of_reach" 'make dev' "$answers"
done
try_as user UV_DEFAULT_INDEX="$out_of_reach" 'make test without curl' 'make test'
chroot "$machine" sh -c 'apt-get update -qq && apt-get install -qq -y --no-install-recommends curl' >/dev/null
try_as root '' 'make test with curl' 'make test'
echo 'All of it works in a bare Debian 12.'
