#!/usr/bin/env python3
"""How long an editor waits: latency.py BINARY FOLDER [--edits N] [--file PATH]

FOLDER holds a lock and any amount of code. Opens a Python file of about 60 KB that mentions the database (or PATH), types into it, and measures from the change
to the findings for that very version; then adds tables to the lock that the code names and it lacks,
takes them away again, and measures until a file is judged by it.
"""
import argparse, json, os, pathlib, queue, re, statistics, subprocess, sys, threading, time, urllib.parse


class Client:
    def __init__(self, binary, folder):
        self.child = subprocess.Popen([binary, "server"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.messages, self.id, self.said = queue.Queue(), 0, []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        out = self.child.stdout
        while True:
            length = 0
            while (line := out.readline().strip()):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            body = out.read(length)
            self.messages.put((time.perf_counter(), message := json.loads(body)))
            if message.get("method") == "textDocument/publishDiagnostics":
                self.said += [d["message"] for d in message["params"]["diagnostics"]]

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.child.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.child.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        self.id += 1
        self.send({"id": self.id, "method": method, "params": params})
        return self.wait(lambda m: m.get("id") == self.id and "method" not in m)

    def wait(self, wanted, patience=300):
        until = time.monotonic() + patience
        while True:
            at, message = self.messages.get(timeout=max(0.1, until - time.monotonic()))
            if wanted(message):
                return at, message


def uri(path):
    return "file://" + urllib.parse.quote(str(path))


def published(name, version=None):
    def test(m):
        p = m.get("params") or {}
        return m.get("method") == "textDocument/publishDiagnostics" and p["uri"] == name and (version is None or p.get("version") == version)

    return test


def choose(folder):
    """The file nearest to 60 KB among those that speak of a database."""
    words = ("mapped_column", "Column(", "session.query", "select(", ".execute(")
    files = [p for p in pathlib.Path(folder).rglob("*.py") if 50_000 <= p.stat().st_size <= 80_000]
    files = [p for p in files if any(w in p.read_text(errors="replace") for w in words)]
    return min(sorted(files), key=lambda p: abs(p.stat().st_size - 60_000))


def say(what, times):
    ms = sorted(t * 1000 for t in times)
    print(f"{what}: p50 {statistics.median(ms):.1f} ms, p95 {ms[int(len(ms) * 0.95) - 1]:.1f} ms, worst {ms[-1]:.1f} ms, n {len(ms)}")


def main():
    args = argparse.ArgumentParser()
    args.add_argument("binary")
    args.add_argument("folder", type=pathlib.Path)
    args.add_argument("--edits", type=int, default=100)
    args.add_argument("--file", type=pathlib.Path)
    args.add_argument("--pause", type=float, default=0.12, help="seconds between keystrokes")
    args = args.parse_args()
    folder = args.folder.resolve()
    file = (args.file or choose(folder)).resolve()
    text = file.read_text()
    c = Client(os.path.abspath(args.binary), folder)
    c.ask("initialize", {"processId": None, "rootUri": uri(folder), "capabilities": {}})
    c.tell("initialized", {})
    begun = time.perf_counter()
    name = uri(file)
    c.tell("textDocument/didOpen", {"textDocument": {"uri": name, "languageId": "python", "version": 1, "text": text}})
    c.wait(lambda m: m.get("method") == "window/logMessage" and " linked in " in m["params"]["message"])
    print(f"{file.relative_to(folder)}: {len(text.encode())} bytes; first findings of the workspace after {time.perf_counter() - begun:.2f} s")
    time.sleep(1)
    spent = lambda: sum(map(int, pathlib.Path(f"/proc/{c.child.pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")
    before = spent()
    # A function is written at the end, letter by letter.
    letters = "\n\ndef typed(session):\n    return session.execute(\"SELECT id, name FROM users WHERE name = 'x'\")\n" * (args.edits // 80 + 1)
    end, times, version = text.count("\n"), [], 1
    line, column = end, len(text.rsplit("\n", 1)[-1])
    for letter in letters[: args.edits]:
        version += 1
        at = {"line": line, "character": column}
        sent = time.perf_counter()
        c.tell("textDocument/didChange", {"textDocument": {"uri": name, "version": version}, "contentChanges": [{"range": {"start": at, "end": at}, "text": letter}]})
        got, _ = c.wait(published(name, version))
        times.append(got - sent)
        line, column = (line + 1, 0) if letter == "\n" else (line, column + 1)
        time.sleep(args.pause)
    say("keystroke to findings", times)
    print(f"processor time: {(spent() - before) * 1000 / len(times):.1f} ms for each keystroke; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    asked = []
    for n in range(30):
        sent = time.perf_counter()
        got, _ = c.ask("textDocument/hover", {"textDocument": {"uri": name}, "position": {"line": n * 7, "character": 8}})
        asked.append(got - sent)
    say("hover", asked)
    c.wait(lambda m: m.get("method") == "window/logMessage" and " linked in " in m["params"]["message"])
    locks = []
    lock = folder / "schema.lock.yaml"
    c.tell("textDocument/didOpen", {"textDocument": {"uri": uri(lock), "languageId": "yaml", "version": 1, "text": lock.read_text()}})
    c.wait(lambda m: m.get("method") == "window/logMessage" and " linked in " in m["params"]["message"])
    linked = lambda m: m.get("method") == "window/logMessage" and " linked in " in m["params"]["message"]
    told = lambda m: m.get("method") == "textDocument/publishDiagnostics" and m["params"]["uri"] != uri(lock)
    text, version = lock.read_text(), 1
    for table in sorted(set(re.findall(r"table `(\w+)` does not exist", " ".join(c.said))))[:20]:
        for new in (text.replace("\ntables:\n", f"\ntables:\n  public.{table}:\n    columns:\n      id: bigint not null\n", 1), text):
            version += 1
            sent = time.perf_counter()
            c.tell("textDocument/didChange", {"textDocument": {"uri": uri(lock), "version": version}, "contentChanges": [{"text": new}]})
            got, _ = c.wait(told)
            locks.append(got - sent)
            c.wait(linked)
    say("lock edit to findings of the whole workspace", locks)
    resident = next(l for l in pathlib.Path(f"/proc/{c.child.pid}/status").read_text().splitlines() if l.startswith("VmHWM"))
    print(f"memory at most {int(resident.split()[1]) // 1024} MB")
    c.ask("shutdown", None)
    c.tell("exit", None)
    sys.exit(c.child.wait())


main()
