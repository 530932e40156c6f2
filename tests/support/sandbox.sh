#!/bin/sh
# Runs $1 as Fn's docker driver runs a function: user 1000, no privileges and no way to new ones, a
# read-only root with a writable /tmp, 50 processes, 350 files; and no network, which OCI would
# give it only in a subnet. Each step replaces this process, so that its number stays.
set -eu
if [ "$#" -eq 2 ]; then
    exec unshare --mount --net --propagation private "$0" "$@" inside
fi

folder=$(dirname "${FN_LISTENER#unix:}")
chown 1000:1000 "$folder"
# Held open, because the new /tmp hides both where the folder is and where the program may be.
exec 3<"$folder" 4<"$1"
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs /tmp
mkdir "$folder"
mount --no-canonicalize --bind /proc/self/fd/3 "$folder"
cp /proc/self/fd/4 /tmp/func
chmod 755 /tmp/func
exec 3<&- 4<&-
mount -o remount,bind,ro /

# Processes are counted by user, so those that user 1000 has outside are allowed for in $2.
exec prlimit --nproc="$2" --nofile=350 \
    setpriv --reuid=1000 --regid=1000 --clear-groups \
    --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
    /tmp/func
