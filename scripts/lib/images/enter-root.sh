# Runs one shell line in a root made of layers, as the first process of its own namespaces: mounts end with it.
# Settings: LOWER (folders, the highest first, separated by colons), UPPER and WORK (empty: nothing can be written), MERGED (a folder
# that is the root already; else the mount point ROOT gets an overlay), SCRATCH (a folder for /tmp), BINDS ("source target" lines),
# LINE, NETWORK (yes or no), USER_ID (who runs the line), OPTIONS (of the overlay), ENVIRONMENT (NAME=value lines).
set -e
cd "$FOLDER"
if [ -n "$MERGED" ]; then
  mount --bind "$MERGED" "$ROOT"
elif [ -n "$UPPER" ]; then
  mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK$OPTIONS" "$ROOT"
else
  case "$LOWER" in
    *:*) mount -t overlay overlay -o "lowerdir=$LOWER$OPTIONS" "$ROOT" ;;
    *) mount --bind -o ro "$LOWER" "$ROOT" ;;
  esac
fi
mount -t proc proc "$ROOT/proc" 2>/dev/null || mount --rbind /proc "$ROOT/proc"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
for device in null zero full random urandom tty; do
  : >"$ROOT/dev/$device"
  mount --bind "/dev/$device" "$ROOT/dev/$device"
done
ln -s /proc/self/fd "$ROOT/dev/fd"
ln -s /proc/self/fd/0 "$ROOT/dev/stdin"
ln -s /proc/self/fd/1 "$ROOT/dev/stdout"
ln -s /proc/self/fd/2 "$ROOT/dev/stderr"
mkdir -m 1777 "$ROOT/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/run"
mount --bind "$SCRATCH" "$ROOT/tmp"
if [ "$NETWORK" = yes ]; then
  for file in /etc/resolv.conf /etc/hosts; do
    [ ! -e "$file" ] || mount --bind "$file" "$ROOT$file"
  done
fi
printf '%s' "$BINDS" | while IFS="$(printf '\t')" read -r source target; do
  [ -z "$source" ] || mount --bind "$source" "$ROOT$target"
done
set -- env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 TZ=UTC
while IFS= read -r setting; do
  [ -z "$setting" ] || set -- "$@" "$setting"
done <<SETTINGS
$ENVIRONMENT
SETTINGS
if [ -n "$USER_ID" ]; then
  set -- setpriv "--reuid=$USER_ID" "--regid=$USER_ID" --clear-groups --no-new-privs "$@"
fi
exec chroot "$ROOT" "$@" sh -c "cd ${DIRECTORY:-/} && $LINE"
