#!/bin/sh
# Makes a base image from the distribution's packages, for machines that reach no image registry.
#
#   docker/make-base.sh [SUITE]        bookworm (Debian 12, the default), trixie, noble, …
#   MIRROR=URL docker/make-base.sh     from another mirror than debootstrap's own choice
#
# The image is called lis-tui-base:SUITE and is left alone where it exists. Needs root, debootstrap and docker.
set -eu

suite=${1:-bookworm}
image=lis-tui-base:$suite

fail() {
    echo "make-base: $1" >&2
    exit 1
}

command -v docker >/dev/null || fail "no docker command: install docker.io (or docker-cli) first."
docker info >/dev/null 2>&1 || fail "no container engine answers: start it first."
if docker image inspect "$image" >/dev/null 2>&1; then
    echo "make-base: $image is here already."
    exit 0
fi
[ "$(id -u)" = 0 ] || fail "debootstrap needs root: run it with sudo."
command -v debootstrap >/dev/null || fail "no debootstrap: run apt-get install debootstrap."

root=$(mktemp -d)
trap 'rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM

echo "make-base: debootstrap $suite (under a minute) ..."
# shellcheck disable=SC2086 # no mirror means no argument
debootstrap --variant=minbase "$suite" "$root/base" ${MIRROR:-} >"$root/log" 2>&1 || {
    tail -n 15 "$root/log" >&2
    fail "debootstrap $suite failed."
}
rm -rf "$root"/base/var/lib/apt/lists/* "$root"/base/var/cache/apt/* "$root"/base/usr/share/doc/* \
    "$root"/base/usr/share/man/* "$root/base/var/log/bootstrap.log"

tar -C "$root/base" -c . | docker import --change 'CMD ["bash"]' - "$image" >/dev/null
echo "make-base: made $image."
