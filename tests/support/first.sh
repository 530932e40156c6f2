#!/bin/sh
# Runs $PROGRAM as process 1 of its own namespace, as a container's engine does.
exec unshare --pid --fork --kill-child "$PROGRAM"
