"""A corpus as one file, a JSON string a line: `unpack FILE FOLDER`, `pack FILE FOLDER`."""

import hashlib
import json
import pathlib
import sys

command, file, folder = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
if command == "unpack":
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        data = json.loads(line).encode()
        (folder / hashlib.sha1(data).hexdigest()).write_bytes(data)
else:
    inputs = {p.read_bytes().decode(errors="replace") for p in folder.iterdir()}
    lines, size = [], 0
    for text in sorted(inputs, key=lambda t: (len(t), t)):
        lines.append(json.dumps(text) + "\n")
        size += len(lines[-1])
        # The shortest say most a byte; a repository is no place for megabytes of them.
        if size > 120_000:
            break
    if lines:
        file.write_text("".join(lines), encoding="utf-8")
