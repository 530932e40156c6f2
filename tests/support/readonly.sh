#!/bin/sh
# Runs $PROGRAM as a user that no image knows, where nothing can be written. Each step replaces this
# process, so that its number stays.
set -eu
if [ "$#" -eq 0 ]; then
    exec unshare --mount --propagation private "$0" inside
fi

# Held open, because the new /tmp hides where the program may be; copied, because only root may be
# able to reach it there.
exec 3<"$PROGRAM"
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs /tmp
cp /proc/self/fd/3 /tmp/program
chmod 755 /tmp/program
exec 3<&-
mount -o remount,ro /tmp
mount -o remount,bind,ro /

exec setpriv --reuid=4242 --regid=4242 --clear-groups \
    --no-new-privs --inh-caps=-all --ambient-caps=-all --bounding-set=-all \
    /tmp/program
