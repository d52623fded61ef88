#!/bin/sh
# Boots systemd as process 1 of namespaces of its own:
#
#   booted.sh FOLDER BIN UNITS     the tree's unit, sysusers and tmpfiles installed; FOLDER: cemsd.yaml, plant.yaml and
#                                  drop-ins *.conf; BIN: the programs; UNITS: systemd/
#   booted.sh FOLDER               nothing of ours is installed; the packages of FOLDER, *.deb, are in /srv
#
# Everything is seen through an overlay whose upper half is a tmpfs: nothing of the machine is written to, and all of it
# is gone when process 1 ends. test_boot.py starts it under unshare.
set -eu
folder=$1
tree=$(cd "$(dirname "$0")/../.." && pwd)
mount --make-rprivate /
mkdir "$folder/box"
mount -t tmpfs tmpfs "$folder/box"
root=$folder/box/root
mkdir "$root" "$folder/box/upper" "$folder/box/work"
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/box/upper,workdir=$folder/box/work" "$root"

if [ $# -eq 3 ]; then
    bin=$2 units=$3
    cp "$bin/cemsd" "$bin/cemsctl" "$bin/plant" "$root/usr/bin/"
    mkdir -p "$root/etc/cemsd" "$root/etc/systemd/system/cemsd.service.d"
    cp "$folder/cemsd.yaml" "$root/etc/cemsd/"
    cp "$folder/plant.yaml" "$root/etc/"
    cp "$units/cemsd.service" "$root/etc/systemd/system/"
    cp "$folder/"*.conf "$root/etc/systemd/system/cemsd.service.d/"
    mkdir -p "$root/etc/sysusers.d" "$root/etc/tmpfiles.d"
    cp "$units/cemsd.sysusers.conf" "$root/etc/sysusers.d/cemsd.conf"
    cp "$units/cemsd.tmpfiles.conf" "$root/etc/tmpfiles.d/cemsd.conf"
else
    cp "$folder/"*.deb "$root/srv/"
fi
rm -f "$root/etc/fstab" "$root/usr/sbin/policy-rc.d" # a container image may forbid packages to start services

mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,bind,ro "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
group=$root/sys/fs/cgroup/$(basename "$folder")
mkdir "$group"
echo $$ >"$group/cgroup.procs"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
if [ ! -e "$root$tree/dev" ]; then # a tree that lies in /tmp is seen there all the same
    mkdir -p "$root$tree" "$folder/box/tree-upper" "$folder/box/tree-work"
    mount -t overlay overlay -o "lowerdir=$tree,upperdir=$folder/box/tree-upper,workdir=$folder/box/tree-work" "$root$tree"
fi
mount -t tmpfs tmpfs "$root/dev"
for node in null zero full random urandom tty; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
: >"$root/dev/console"

mkdir "$root/mnt/old"
cd "$root"
pivot_root . mnt/old
umount -l /mnt/old
mount --make-rshared / # what systemd mounts for a unit must be seen in the unit
export container=cemsd-test
exec chroot / unshare --cgroup /lib/systemd/systemd --system --unit=basic.target --log-target=journal --show-status=no
