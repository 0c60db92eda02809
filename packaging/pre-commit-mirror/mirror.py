"""mirror.py VERSION: makes this folder (as a repository of its own) install that version; commit and tag it `vVERSION` afterwards."""

import pathlib
import re
import sys

version = sys.argv[1]
if not re.fullmatch(r"\d+\.\d+\.\d+\w*", version):
    sys.exit(f"not a version: {version}")
path = pathlib.Path(__file__).with_name("pyproject.toml")
text = path.read_text(encoding="utf-8")
text = re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', text)
text = re.sub(r'"dbtruth==[^"]*"', f'"dbtruth=={version}"', text)
path.write_text(text, encoding="utf-8")
