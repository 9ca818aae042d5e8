#!/bin/sh
# Records figure "walls": one probe in every combination of seven namespaces, a
# new /proc or not, started by root or by an ordinary user. Run as root:
#
#     sh book/figures/walls/record.sh > book/figures/walls/data.json
#     sh book/figures/walls/record.sh --sample    a few rows, as they are, for a test
#
# The host in the figure is a sandbox of its own, named kitchen, so that nothing
# here can change the machine: it has its own mounts, hostname, network, message
# queues and processes. What the probe does to it is looked at from inside it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

# For the sample: nothing, each wall alone, all of them, and with the user
# namespace or a new /proc beside. Numbers are sums of the bits below.
SAMPLE="0 1 2 4 8 16 32 64 65 66 72 80 81 127 128 144 145 177 192 209 255"

case "${1-}" in
"" | --sample)
    # A control group, so that there is a path to hide. Version 2's tree is at
    # one of two places.
    tree=/sys/fs/cgroup
    [ -e $tree/cgroup.procs ] || tree=$tree/unified
    group=$tree/kitchen-$$
    mkdir "$group"
    trap 'rmdir "$group"' EXIT
    WANTED="" encode="awk -f $here/encode.awk"
    [ "${1-}" = "" ] || { WANTED=$SAMPLE encode=cat; }
    export WANTED KITCHEN_GROUP=kitchen-$$
    unshare --mount --uts --ipc --net --pid --fork --kill-child \
        sh -c 'echo $$ > "$0/cgroup.procs" 2>/dev/null || :; exec sh "$1" host' "$group" "$here/record.sh" \
        | $encode
    ;;
host)
    # The host: a few processes with names, a network card, a message queue, a secret.
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /run
    mount -t tmpfs tmpfs /mnt
    mount -t sysfs sysfs /sys
    hostname kitchen
    # The card's other end lies in a network of its own, like a wire that leaves the house.
    unshare --net sleep 600 &
    until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
    ip link add eth0 type veth peer name wire netns $!
    for name in oven radio; do
        cp "$(command -v sleep)" /run/$name
        /run/$name 600 &
    done
    cp "$(command -v dash)" /run/guest
    ipcmk --queue > /dev/null
    echo 'grandmother adds nutmeg' > /run/secret
    chmod 600 /run/secret
    mkdir -m 777 /run/table /mnt/guest
    export OVEN="$(pgrep -x oven)"
    for account in root user; do
        for flags in $(seq 0 255); do
            case " $WANTED " in *" $flags "* | "  ") ;; *) continue ;; esac
            hostname kitchen
            # Mounts that the probe leaves behind go with this mount namespace.
            unshare --mount sh "$here/record.sh" one $account "$flags"
        done
    done
    ;;
one)
    # One combination. The bits, from the lowest: mnt uts ipc net pid cgroup user proc.
    account=$2 flags=$3 options="" bit=1
    for option in --mount --uts --ipc --net "--pid --fork" --cgroup "--user --map-root-user"; do
        [ $((flags & bit)) -eq 0 ] || options="$options $option"
        bit=$((bit * 2))
    done
    remount=no
    [ $((flags & 128)) -eq 0 ] || remount=yes
    switch=""
    [ "$account" = root ] || switch="setpriv --reuid 1000 --regid 1000 --clear-groups"
    rm -f /run/table/*
    if ! $switch unshare $options /run/guest "$here/probe.sh" $remount > /run/seen 2> /run/said; then
        sed -n 's/^unshare: unshare failed: /start=/p' /run/said | head -n 1 > /run/seen
    fi
    {
        echo "$account $flags"
        cat /run/seen
        echo "host-name=$(hostname)"
        echo "host-mount=$(if mountpoint -q /mnt/guest; then echo there; else echo not there; fi)"
        echo "host-owner=$(stat -c %u /run/table/plate 2>/dev/null || echo none)"
        echo "host-proc=$(if [ -e /proc/$OVEN/stat ]; then echo as before; else echo 'lost its processes'; fi)"
        echo
    } | sed "s/$KITCHEN_GROUP/kitchen/"
    ;;
esac
