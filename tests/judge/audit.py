"""Verifies a record of requests by what docs/audit.md says of it, without any code of this project.

Prints the digest of the arguments that are given as JSON, if any are, as the record should have it.
"""

import hashlib
import json
import sys

ends = {}
with open(sys.argv[1], "rb") as file:
    for number, line in enumerate(file, 1):
        assert line.endswith(b"\n"), f"{number}: no line feed"
        text, found, end = line.rpartition(b',"hash":"')
        assert found and end.endswith(b'"}\n'), f"{number}: no hash at the end"
        stated = end[:-3].decode()
        assert hashlib.sha256(text).hexdigest() == stated, f"{number}: changed"
        told = json.loads(line)
        seq, prev = ends.get(told["instance"], (0, "0" * 64))
        assert (told["seq"], told["prev"]) == (seq, prev), f"{number}: does not follow"
        ends[told["instance"]] = (seq + 1, stated)
print(len(ends))
for arguments in sys.argv[2:]:
    canonical = json.dumps(json.loads(arguments), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    print(hashlib.sha256(canonical.encode()).hexdigest())
