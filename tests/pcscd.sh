#!/bin/sh
# A pcscd of a test's own: tests/pcscd.sh FOLDER READERS
# FOLDER gets its socket, pcscd.comm; READERS holds reader.conf's files. Needs Debian's pcscd and util-linux.
# It takes this process's place, and dies with who started it.
#
# pcscd's socket has a fixed path, so it runs in a mount namespace of its own. Where this user is not root, a
# user namespace makes it so, in which /run is another user's: a folder that is missing there goes into an
# empty one.
set -eu
if [ "${3-}" = within ]; then
    mkdir -p /run/pcscd 2>/dev/null || { mount -t tmpfs none /run && mkdir /run/pcscd; }
    mount --bind "$1" /run/pcscd
    exec setpriv --pdeathsig KILL pcscd --foreground --error --config "$2"
fi
root=
[ "$(id -u)" = 0 ] || root=--map-root-user
exec unshare --mount $root sh "$0" "$1" "$2" within
