#!/bin/sh
# Makes "$1" the whole of a machine and stays as its first process. Started in mount, pid, uts and ipc namespaces of its own.
# pivot_root and not chroot: the kernel lets nobody in a chroot make user namespaces, nor mount a /proc under a covered one.
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /sys/fs/cgroup sys/fs/cgroup
mount -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm
mount -t devpts -o newinstance,gid=5,mode=620,ptmxmode=666 devpts dev/pts
for folder in dev/shm tmp; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
mount -t tmpfs -o mode=755 tmpfs run
hostname fresh
mkdir .old
pivot_root . .old
umount --lazy /.old
rmdir /.old
echo ready
# It ends with its standard input, and takes everything in the machine with it; wait takes orphans in meanwhile.
exec chroot . /bin/sh -c 'cat <&3 >/dev/null & wait $!' 3<&0
