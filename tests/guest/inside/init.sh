#!/bin/busybox sh
# The first program of the emulated machine: puts its root together from the disks and hands over to main.sh.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in virtio_blk loop squashfs overlay; do insmod /modules/$module.ko.xz || exit 1; done
mount -t squashfs -o ro /dev/vda /disk || exit 1
mount -t tmpfs -o size=75% writable /writable
mkdir /writable/upper /writable/work
# Debian's packages for the guest lie over the language image, which has Node, Python and a shell already.
image=$(echo /disk/base-*)
mount -t overlay -o "lowerdir=/disk/rootfs:$image/rootfs,upperdir=/writable/upper,workdir=/writable/work" root /root || exit 1
mkdir -p /root/disk /root/checkout
mount --move /disk /root/disk
tar -x -f /dev/vdb -C /root/checkout || exit 1
for folder in proc sys dev; do mount --move /$folder /root/$folder; done
exec switch_root /root /bin/bash /checkout/tests/guest/inside/main.sh
