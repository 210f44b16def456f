# SPDX-License-Identifier: MIT
"""Real programs with some seconds of work each, and the inputs they need, made on the spot."""
import dataclasses
import pathlib
import shutil
import subprocess
import sys

PYTHON_LOOP = """
import json
data = {"names": ["n%d" % i for i in range(200)], "tree": {str(i): [i, i / 3] for i in range(300)}}
for _ in range(1800):
    data = json.loads(json.dumps(data, indent=1))
"""

NODE_LOOP = """
const make = (n) => n ? {left: make(n - 1), right: make(n - 1), text: 'x'.repeat(n)} : null;
let sum = 0;
for (const end = Date.now() + 4000; Date.now() < end;) {
  const copy = JSON.parse(JSON.stringify(make(10)));
  const walk = (t) => t ? walk(t.left) + walk(t.right) + t.text.length : 0;
  sum += walk(copy);
  [...Array(2000).keys()].sort((a, b) => (b * 7919) % 2003 - (a * 7919) % 2003);
}
console.log(sum);
"""


@dataclasses.dataclass
class Workload:
    name: str
    command: list


def write_c(path, functions=260):
    """A C file gcc needs seconds for."""
    parts = ["int table[64];"]
    for i in range(functions):
        parts.append(f"""
int f{i}(int a, int b) {{
	int s = {i};
	for (int i = 0; i < a; i++) {{
		s += (table[(i + b) & 63] ^ (s << {i % 7 + 1})) % {i % 91 + 3};
		switch (s & 7) {{
		case 0: s -= b; break;
		case 3: s ^= a * {i % 13 + 1}; break;
		case 5: table[s & 63] += i; break;
		}}
	}}
	return {f'f{i - 1}(s, b) +' if i else ''} s;
}}""")
    path.write_text("\n".join(parts))


def write_rust(path, functions=50):
    parts = ["use std::collections::HashMap;"]
    for i in range(functions):
        parts.append(f"""
pub fn f{i}(v: &[u64]) -> u64 {{
    let mut m: HashMap<u64, Vec<String>> = HashMap::new();
    for (i, x) in v.iter().enumerate() {{
        m.entry(x % {i + 2}).or_default().push(format!("{{}}-{{}}", i, x));
    }}
    m.values().map(|l| l.iter().filter(|s| s.len() > {i % 5}).count() as u64).sum()
}}""")
    calls = " + ".join(f"f{i}(&v)" for i in range(functions))
    parts.append(f"fn main() {{ let v: Vec<u64> = (0..99).collect(); println!(\"{{}}\", {calls}); }}")
    path.write_text("\n".join(parts))


def write_history(directory, commits=30000, files=400):
    """A git repository with many commits, by git fast-import."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(directory)], check=True)
    stream = []
    for i in range(commits):
        text = "\n".join(f"line {j} of {(i * 31 + j * 7) % 1000}" for j in range(60))
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {1600000000 + i} +0000\n"
                      f"data {len(f'change {i}')}\nchange {i}\n"
                      f"M 100644 inline d{i % files % 20}/f{i % files}\n"
                      f"data {len(text)}\n{text}\n")
    subprocess.run(["git", "-C", str(directory), "fast-import", "--quiet"], check=True,
                   input="".join(stream).encode())


def write_data(path, megabytes=6):
    """Text that compresses, but not all too well."""
    seed, lines = 1, []
    for _ in range(megabytes << 14):
        seed = (seed * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        lines.append(f"{seed >> 40:x} word{seed >> 55} {seed % 1000003:d} of a log line that repeats\n")
    path.write_text("".join(lines))


def resolve(program):
    """The program itself instead of a shim that starts it (pyenv, rustup)."""
    if program == "python3":
        return sys.executable
    if program == "rustc" and shutil.which("rustup"):
        return subprocess.run(["rustup", "which", "rustc"], capture_output=True, text=True,
                              check=True).stdout.strip()
    return shutil.which(program)


SOURCES = pathlib.Path(__file__).parent / "sources"
SQL = """with recursive c(x) as (values(1) union all select x + 1 from c limit 4000000)
select sum(length(hex(x))), count(distinct x % 1000), max(substr(printf('%d', x), 2)) from c"""
# By the name of the program to be made: what makes it from which source.
MAKERS = {
    "go": ["go", "build", "-o", "work-go", SOURCES / "work.go"],
    "go, stripped": ["go", "build", "-ldflags=-s -w", "-o", "work-go-stripped",
                     SOURCES / "work.go"],
    "rust, panic=abort": ["rustc", "-O", "-Cpanic=abort", "-Cforce-unwind-tables=no",
                          "-Cforce-frame-pointers=yes", "-o", "work-rust", SOURCES / "work.rs"],
    "musl": ["musl-gcc", "-O2", "-o", "work-musl", SOURCES / "work.c"],
    "musl, static": ["musl-gcc", "-O2", "-static", "-o", "work-musl-static", SOURCES / "work.c"],
    "java": ["javac", "-d", ".", SOURCES / "Work.java"],
}


def make(name, directory):
    """False where what makes it is not installed."""
    command = [str(word) for word in MAKERS[name]]
    if not shutil.which(command[0]):
        return False
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL)
    return True


def judged(directory, seconds):
    """
    The programs whose stacks are judged, as far as they are installed, with about @seconds of work
    each where that can be chosen.
    """
    directory = pathlib.Path(directory)
    compiler = resolve("gcc") and subprocess.run(
        ["gcc", "-print-prog-name=cc1"], capture_output=True, text=True, check=True).stdout.strip()
    java = [resolve("java"), "-Xshare:auto", "-XX:+PreserveFramePointer", "-cp", directory, "Work",
            seconds]
    everything = {
        "python3": [resolve("python3"), "-c", PYTHON_LOOP],
        "perl": [resolve("perl"), "-e",
                 f"$e = time + {seconds}; @x = sort map { '{ sin }' } 1..1000 while time < $e"],
        "cc1": [compiler, "-quiet", "-O2", directory / "large.c", "-o", "/dev/null"],
        "rustc": [resolve("rustc"), "-O", directory / "large.rs", "-o", directory / "large"],
        "node": [resolve("node"), "-e", NODE_LOOP.replace("4000", str(1000 * seconds))],
        "git": [resolve("git"), "-C", directory / "history", "log", "--stat", "-p"],
        "openssl": [resolve("openssl"), "speed", "-seconds", max(1, seconds // 3), "rsa2048",
                    "ecdsap256"],
        "sqlite3": [resolve("sqlite3"), ":memory:", SQL],
        "ffmpeg": [resolve("ffmpeg"), "-v", "error", "-f", "lavfi", "-i",
                   f"testsrc=duration={seconds * 20}:size=640x360:rate=25", "-c:v", "mpeg4", "-f",
                   "null", "-"],
        "gdb": [resolve("gdb"), "-batch", "-nx", "-ex", f"python [gdb.parse_and_eval('1+2*%d' % i) for i in range({seconds * 20000})]"],
    }
    made = {
        "go": [directory / "work-go", seconds],
        "go, stripped": [directory / "work-go-stripped", seconds],
        "rust, panic=abort": [directory / "work-rust", seconds],
        "musl": [directory / "work-musl", seconds],
        "musl, static": [directory / "work-musl-static", seconds],
        "java": java,
    }
    write_c(directory / "large.c")
    write_rust(directory / "large.rs")
    if resolve("git"):
        write_history(directory / "history")
    everything |= {name: command for name, command in made.items() if make(name, directory)}
    return [Workload(name, [str(word) for word in command])
            for name, command in everything.items() if command[0]]


def prepare(directory):
    """The workloads whose programs are installed; inputs go to @directory."""
    directory = pathlib.Path(directory)
    write_c(directory / "large.c")
    write_rust(directory / "large.rs")
    write_history(directory / "history")
    write_data(directory / "data")
    everything = {
        "python3": ["-c", PYTHON_LOOP],
        "xz": ["-k", "-9", "-T1", "-c", directory / "data"],
        "gcc": ["-O2", "-c", directory / "large.c", "-o", directory / "large.o"],
        "git": ["-C", directory / "history", "log", "--stat", "-p"],
        "openssl": ["speed", "-seconds", "1", "rsa2048", "ecdsap256"],
        "node": ["-e", NODE_LOOP],
        "rustc": ["-O", directory / "large.rs", "-o", directory / "large"],
    }
    found = {name: resolve(name) for name in everything}
    return [Workload(name, [str(word) for word in [found[name], *arguments]])
            for name, arguments in everything.items() if found[name]]
