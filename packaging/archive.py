"""archive.py TARGET WHEEL: the wheel's programs with completions, manual page and licences as dist/dbtruth-VERSION-TARGET-archive.tar.gz (.zip on Windows)."""

import io
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import zipfile

target, wheel = sys.argv[1], pathlib.Path(sys.argv[2])
version = wheel.name.split("-")[1]
name = f"dbtruth-{version}-{target}"
root = pathlib.Path(__file__).resolve().parent.parent
files = {}
with zipfile.ZipFile(wheel) as packed:
    for member in packed.namelist():
        if "/scripts/" in member:
            files[member.rsplit("/", 1)[1]] = (packed.read(member), 0o755)
for licence in ("LICENSE-MIT", "LICENSE-APACHE", "README.md"):
    files[licence] = ((root / licence).read_bytes(), 0o644)
program = next(n for n in files if n in ("dbtruth", "dbtruth.exe"))
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder) / program
    path.write_bytes(files[program][0])
    path.chmod(0o755)
    # Another machine's program cannot be asked; its completions are the same, but are made where they can be.
    try:
        for shell in ("bash", "zsh", "fish", "powershell", "elvish"):
            files[f"completions/dbtruth.{shell}"] = (subprocess.run([path, "completions", shell], check=True, capture_output=True).stdout, 0o644)
        files["dbtruth.1"] = (subprocess.run([path, "man"], check=True, capture_output=True).stdout, 0o644)
    except OSError as error:
        print(f"no completions for {target}: {error}", file=sys.stderr)
out = wheel.parent
if "windows" in target:
    with zipfile.ZipFile(out / f"{name}-archive.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path, (data, _) in sorted(files.items()):
            archive.writestr(f"{name}/{path}", data)
else:
    with tarfile.open(out / f"{name}-archive.tar.gz", "w:gz") as archive:
        for path, (data, mode) in sorted(files.items()):
            info = tarfile.TarInfo(f"{name}/{path}")
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))
