#!/usr/bin/env python3
"""How many of the references that dbtruth gives are right?

usage: precision.py BINARY --truth FOLDER --projects FOLDER [--sample N]

--truth holds NAME.refs.json.gz of the `projects` evaluation: for each mapped attribute the places where a type checker finds it. --projects holds NAME/src and
NAME/schema.lock.yaml. Each use of a mapped attribute that `dbtruth refs` gives in a project's code is one of:

  confirmed     the type checker finds the same column at the same line
  contradicted  at that very place it finds an attribute of other columns
  beyond it     it is silent: the receiver has no type, the name stands in a keyword or a string; split by how the name is written

--sample prints that many of the last kind, evenly spread, with their lines, for a person to read: `file:line table.column | the line`.
"""
import argparse
import collections
import gzip
import json
import pathlib
import subprocess


def kind(line: str, start: int, end: int) -> str:
    """How a name is written, by what stands around it."""
    before, after = line[:start].rstrip(), line[end:].lstrip()
    if before.endswith(('"', "'")) and after.startswith(('"', "'")):
        return "string"
    if after.startswith("=") and not after.startswith("==") and not before.endswith("."):
        return "keyword"
    return "attribute" if before.endswith(".") else "other"


def judge(binary: str, truth: pathlib.Path, project: pathlib.Path) -> tuple[collections.Counter, list[str], list[str]]:
    known = collections.defaultdict(list)
    for attribute, ref in json.load(gzip.open(truth)).items():
        for place in ref["refs"]:
            file, line, column = place.rsplit(":", 2)
            known[file, int(line)].append((int(column) + 1, set(ref["columns"])))
    command = [binary, "refs", "--format", "json", "--lock", str(project / "schema.lock.yaml")]
    ran = subprocess.run(command, cwd=project / "src", capture_output=True, text=True, check=False)
    count, beyond, wrong, seen, lines = collections.Counter(), [], [], {}, {}
    for r in json.loads(ran.stdout)["references"]:
        if not r["attribute"] or r["access"] == "define" or not r["column"]:
            continue
        file, start = r["file"], r["range"]["start"]
        # A mixin's column is one place, whatever the number of its tables.
        seen.setdefault((file, start["line"], start["column"], r["range"]["end"]["column"]), set()).add(
            f"{r['schema'] or 'public'}.{r['table']}.{r['column']}")
    for (file, line, start, end), columns in sorted(seen.items()):
        there = known[file, line]
        if any(columns & of for _, of in there):
            count["confirmed"] += 1
            continue
        if file not in lines:
            lines[file] = (project / "src" / file).read_text(errors="replace").split("\n")
        text = lines[file][line - 1]
        shown = f"{project.name} {file}:{line} {'/'.join(sorted(columns)[:2])} | {text.strip()[:150]}"
        if any(at == start for at, _ in there):
            count["contradicted"] += 1
            wrong.append(shown)
        else:
            count[kind(text, start - 1, end - 1)] += 1
            beyond.append(shown)
    return count, wrong, beyond


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("binary")
    ask.add_argument("--truth", type=pathlib.Path, required=True)
    ask.add_argument("--projects", type=pathlib.Path, required=True)
    ask.add_argument("--sample", type=int, default=0)
    args = ask.parse_args()
    total, beyond = collections.Counter(), []
    heads = ["confirmed", "contradicted", "attribute", "keyword", "string", "other"]
    print(f"{'project':30}" + "".join(f"{h:>14}" for h in heads))
    for truth in sorted(args.truth.glob("*.refs.json.gz")):
        project = args.projects / truth.name.removesuffix(".refs.json.gz")
        if not (project / "schema.lock.yaml").exists():
            print(f"{project.name:30} no lock, left out")
            continue
        count, wrong, rest = judge(str(pathlib.Path(args.binary).resolve()), truth, project)
        print(f"{project.name:30}" + "".join(f"{count[h]:14,}" for h in heads))
        for w in wrong:
            print("   contradicted:", w)
        total += count
        beyond += rest
    print(f"{'all':30}" + "".join(f"{total[h]:14,}" for h in heads))
    if args.sample:
        step = max(1, len(beyond) // args.sample)
        print("\n".join(beyond[step // 2 :: step][: args.sample]))


if __name__ == "__main__":
    main()
