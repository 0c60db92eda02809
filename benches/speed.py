#!/usr/bin/env python3
"""How fast dbtruth is beside tools that read the same files: paired runs, medians of processor time, peak memory.

    pip install ruff ast-grep-cli && apt install ripgrep git
    cargo build --release && python3 benches/speed.py target/release/dbtruth [--runs 5] [--folder DIR] [--json OUT]

The tree (2 million lines of Python) is made once in DIR from wheels of PyPI; a lock is made for it from its own migrations and models. Nothing of it is executed.
Runs of two programs alternate (A B A B …), so that other load meets both; processor time (user + system of the whole process) is what ratios are made of.
Every shortcut is compared: the findings of the normal run, of a warm one, of one over a changed file and of `DBTRUTH_SLOW=1 … --no-cache` must be the same bytes.
"""
import argparse, json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time, zipfile

WHEELS = """apache-airflow==2.10.5 prefect==3.1.11 mlflow==2.19.0 dagster==1.9.6 label-studio==1.16.0 jupyterhub==5.2.1 aiida-core==2.6.3 pretix==2024.11.0
galaxy-app==24.2.0 galaxy-data==24.2.0 optuna==4.1.0 open-webui==0.5.4 langflow-base==0.1.2 arize-phoenix==7.7.1 buildbot==4.2.1 zenml==0.72.0 keystone==26.0.0
sqlalchemy==2.0.36""".split()


def make_tree(folder: pathlib.Path) -> pathlib.Path:
    """The tree as a git repository; made anew only when it is not there."""
    tree = folder / "tree"
    if (tree / ".git").exists():
        return tree
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    for name in WHEELS:
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "-d", wheels, name], check=True)
    shutil.rmtree(tree, ignore_errors=True)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            wanted = [n for n in archive.namelist() if n.endswith((".py", ".sql", ".md"))]
            archive.extractall(tree / wheel.name.split("-")[0], wanted)
    (tree / "schema.lock.yaml").write_text(lock(1000))
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qm", "tree")
    return tree


def lock(tables: int) -> str:
    """A lock of so many tables with twenty columns each; the first ones are tables that the tree uses."""
    known = ["dag", "dag_run", "task_instance", "users", "experiments", "runs", "metrics", "params", "tags", "flow_run", "task_run", "studies", "trials"]
    names = sorted(set(known + [f"table_{n:05}" for n in range(tables - len(known))]))
    out = ["version: 1", "search_path: [public]", "tables:"]
    for name in names:
        out += [f"  public.{name}:", "    columns:"]
        out += [f"      column_{n:02}: text" for n in range(1, 20)]
        out += ["      id: bigint not null", "    primary key: [id]"]
    return "\n".join(out) + "\n"


def git(tree, *args):
    subprocess.run(["git", *args], cwd=tree, check=True, stdout=subprocess.DEVNULL)


def run(command, cwd, env=None):
    """Processor seconds, wall seconds, peak MiB and output of one run."""
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        child = subprocess.Popen([str(c) for c in command], cwd=cwd, stdout=out, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
        out.seek(0)
        peak = used.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024)
        return used.ru_utime + used.ru_stime, wall, peak, out.read(), child.returncode


def change(path, times=[0]):
    """Gives a file another text, and its time of change time to be an old one."""
    times[0] += 1
    with path.open("a") as out:
        out.write(f"# {times[0]}\n")
    time.sleep(0.2)


def pairs(cases, runs):
    """Medians of each case, run in turn. Some change a file before each run."""
    seen = {name: [] for name, *_ in cases}
    for _ in range(runs):
        for name, command, cwd, env, *edited in cases:
            for path in edited:
                change(path)
            seen[name].append(run(command, cwd, env)[:3])
    return {name: tuple(statistics.median(column) for column in zip(*rows)) for name, rows in seen.items()}


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("binary", type=pathlib.Path)
    parse.add_argument("--runs", type=int, default=5)
    parse.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("target/speed"))
    parse.add_argument("--five", action="store_true", help="also five copies of the tree")
    parse.add_argument("--no-compare", action="store_true", help="leave out the comparison with the slow way")
    parse.add_argument("--json", type=pathlib.Path)
    args = parse.parse_args()
    binary = args.binary.resolve()
    tree = make_tree(args.folder.resolve())
    cache = tempfile.mkdtemp(prefix="dbtruth-speed-")
    env = {"DBTRUTH_CACHE_DIR": cache}
    check = [binary, "check", "--format", "concise"]
    lines = sum(p.read_bytes().count(b"\n") for p in tree.rglob("*.py"))
    print(f"{sum(1 for _ in tree.rglob('*.py'))} Python files, {lines} lines, load {os.getloadavg()[0]:.1f}")

    if not args.no_compare:
        slow = run([*check, "--no-cache"], tree, {**env, "DBTRUTH_SLOW": "1"})
        for name, case in [("quick", run([*check, "--no-cache"], tree, env)), ("filling the cache", run(check, tree, env)), ("warm", run(check, tree, env))]:
            if (case[3], case[4]) != (slow[3], slow[4]):
                sys.exit(f"{name}: other findings than the slow way")
        print(f"findings: {slow[3].count(chr(10).encode())} lines, the same in all ways; the slow way takes {slow[0]:.2f} s")

    model = max(tree.glob("mlflow/**/models.py"), key=lambda p: p.stat().st_size)
    staged = max(tree.glob("mlflow/**/sqlalchemy_store.py"), key=lambda p: p.stat().st_size)
    if not args.no_compare:
        for path in (staged, model):
            change(path)
            kept, fresh = run([*check, path], tree, env), run([*check, "--no-cache", path], tree, env)
            if kept[3:] != fresh[3:]:
                sys.exit(f"{path}: other findings than without a cache")
            print(f"{path.relative_to(tree)} changed: the same findings; {kept[0]:.2f} s instead of {fresh[0]:.2f} s")
        git(tree, "checkout", "-q", ".")
    tools = {t: shutil.which(t) for t in ("ruff", "ast-grep", "rg", "git")}
    run(check, tree, env)
    cases = [
        ("dbtruth cold", [*check, "--no-cache"], tree, env),
        ("ruff cold", [tools["ruff"], "check", "--isolated", "--select", "F821,F401", "--no-cache", "-q", "."], tree, None),
        ("ast-grep", [tools["ast-grep"], "run", "-l", "python", "-p", "$A.table($B)", "."], tree, None),
        ("rg -c", [tools["rg"], "-c", "select", "-t", "py"], tree, None),
        ("dbtruth warm", check, tree, env),
        ("ruff warm", [tools["ruff"], "check", "--isolated", "--select", "F821,F401", "-q", "--cache-dir", cache + "/ruff", "."], tree, None),
        ("git status", [tools["git"], "status", "--porcelain"], tree, None),
        ("ruff one file", [tools["ruff"], "check", "--isolated", "--select", "F821,F401", "--no-cache", "-q", staged], tree, None),
        ("dbtruth one file, no cache", [*check, "--no-cache", staged], tree, env),
        ("dbtruth --version", [binary, "--version"], tree, None),
        ("true", ["true"], tree, None),
    ]
    if args.five:
        five = args.folder.resolve() / "five"
        if not five.exists():
            for n in range(5):
                shutil.copytree(tree, five / f"copy{n}", ignore=shutil.ignore_patterns(".git", "*.lock.yaml"))
            shutil.copy(tree / "schema.lock.yaml", five)
            git(five, "init", "-q")
            git(five, "add", "-A")
        one = five / "copy0" / staged.relative_to(tree)
        cases += [
            ("five: cold", [*check, "--no-cache"], five, env),
            ("five: warm", check, five, env),
        ]
        run(check, five, env)
    found = pairs([c for c in cases if c[1][0]], args.runs)
    # By themselves, for after a change nothing else is warm.
    cases = [
        ("dbtruth one changed file, warm", [*check, staged], tree, env, staged),
        ("git status, one file changed", [tools["git"], "status", "--porcelain"], tree, None),
        ("dbtruth one changed model, warm", [*check, model], tree, env, model),
    ]
    if args.five:
        cases.append(("five: one changed file, warm", [*check, one], five, env, one))
    pairs(cases, 1)
    found |= pairs(cases, args.runs)
    git(tree, "checkout", "-q", ".")
    print("| run | processor s | wall s | peak MiB |\n|---|---:|---:|---:|")
    for name, (cpu, wall, peak) in found.items():
        print(f"| {name} | {cpu:.3f} | {wall:.3f} | {peak:.0f} |")
    print("| ratio | |\n|---|---:|")
    for a, b in [("dbtruth cold", "ruff cold"), ("dbtruth cold", "ast-grep"), ("dbtruth warm", "ruff warm"), ("dbtruth warm", "git status"),
                 ("dbtruth one changed file, warm", "ruff one file"), ("dbtruth one changed file, warm", "git status, one file changed"),
                 ("dbtruth one changed model, warm", "git status, one file changed"), ("dbtruth one file, no cache", "git status"),
                 ("five: cold", "dbtruth cold"), ("five: warm", "dbtruth warm"), ("five: one changed file, warm", "dbtruth one changed file, warm")]:
        if a in found and b in found:
            print(f"| {a} ÷ {b} | {found[a][0] / found[b][0]:.2f} |")
    if args.json:
        args.json.write_text(json.dumps({n: dict(zip(("cpu", "wall", "mib"), v)) for n, v in found.items()}, indent=1))
    shutil.rmtree(cache, ignore_errors=True)


main()
