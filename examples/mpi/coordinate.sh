#!/bin/sh
# What every instance does before the primary starts mpirun: it lets the primary in by SSH, on a port that needs no root.
# The primary makes the key and hands out its public half at the port that all have agreed on, AZ_BATCH_MASTER_NODE.
set -eu
own=$AZ_BATCH_TASK_WORKING_DIR/ssh
mkdir -p -m 700 "$own/public"
if [ "$AZ_BATCH_IS_CURRENT_NODE_MASTER" = true ]; then
    ssh-keygen -q -t ed25519 -N '' -f "$own/key"
    cp "$own/key.pub" "$own/public/key.pub"
    python3 -m http.server --bind "${AZ_BATCH_MASTER_NODE%:*}" --directory "$own/public" "${AZ_BATCH_MASTER_NODE##*:}" \
        >/dev/null 2>&1 &
fi
python3 - "$own/authorized" <<'END'
import os, sys, time, urllib.request
while True:
    try:
        key = urllib.request.urlopen(f"http://{os.environ['AZ_BATCH_MASTER_NODE']}/key.pub", timeout=5).read()
        break
    except OSError:
        time.sleep(0.1)
open(sys.argv[1], "wb").write(key)
END
ssh-keygen -q -t ed25519 -N '' -f "$own/host"
/usr/sbin/sshd -o Port=2222 -o HostKey="$own/host" -o AuthorizedKeysFile="$own/authorized" -o PidFile=none \
    -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no
