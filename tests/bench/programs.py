# SPDX-License-Identifier: MIT
"""
Programs of Debian with a second or two of work each.

A command is for `sh -c` in a directory that holds the inputs which prepare() writes.  The first
word of a name is the program that must be installed, but for made programs (workloads.MAKERS).
"""
import dataclasses
import pathlib
import shutil
import subprocess

import workloads

# No shims; rustc's own directory, since it may lie anywhere.
PATH = ":".join(["/usr/sbin:/usr/bin:/sbin:/bin", *(
    str(path) for path in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))),
    str(pathlib.Path(workloads.resolve("rustc") or "/bin/rustc").parent)])


@dataclasses.dataclass
class Program:
    kind: str
    name: str
    command: str
    # What drives a server; it runs outside of ctrace, until the server's end.
    beside: str = ""


PAGE = """<!doctype html><title>work</title>
<style>p { columns: 3; text-shadow: 1px 1px #ccc }</style>
<div id=a></div><script>
let html = '';
for (let i = 0; i < 3000; i++) html += `<p>paragraph ${Math.sin(i)} <b>${i * 7919 % 1009}</b></p>`;
document.getElementById('a').innerHTML = html;
let sum = 0;
for (const end = Date.now() + 1000; Date.now() < end;)
  sum += [...Array(2000).keys()].sort((a, b) => (b * 7919) % 2003 - (a * 7919) % 2003)[7];
document.title = String(sum + document.body.offsetHeight);
</script>"""

FILES = {
    "page.html": PAGE,
    "page.md": "".join(f"# Head {i}\n\nSome *text* of `{i}`:\n\n- a [link](#x)\n- **b**\n\n"
                       for i in range(400)),
    "nginx.conf": "daemon off; worker_processes 1; master_process off; pid nginx.pid;"
                  "error_log nginx.log; events {} http { access_log off; gzip on;"
                  "gzip_types text/plain; server { listen 127.0.0.1:7301; root .; } }\n",
    "lighttpd.conf": 'server.document-root = var.CWD\nserver.port = 7302\n'
                     'server.bind = "127.0.0.1"\n',
    "haproxy.cfg": "defaults\n timeout client 5s\n timeout server 5s\n timeout connect 5s\n"
                   " mode http\nlisten a\n bind 127.0.0.1:7303\n"
                   " http-request return status 200 content-type text/plain string hello\n",
    "fib.py": "def f(n): return n if n < 2 else f(n - 1) + f(n - 2)\nprint(f(27))\n"
              "print(len(sorted(str(i * 7919 % 1009) for i in range(300000))))\n",
    "fib.pl": "sub f { my $n = shift; $n < 2 ? $n : f($n - 1) + f($n - 2) } print f(25);\n"
              "print scalar(sort { $a cmp $b } map { $_ * 7919 % 1009 } 1..300000);\n",
    "fib.rb": "def f(n) n < 2 ? n : f(n - 1) + f(n - 2) end\nputs f(27)\n"
              "puts((1..300000).map { |i| (i * 7919 % 1009).to_s }.sort.size)\n",
    "fib.php": "<?php function f($n) { return $n < 2 ? $n : f($n - 1) + f($n - 2); } echo f(30);\n"
               "for ($i = 0; $i < 500000; $i++) $a[] = md5((string)$i);\nsort($a);"
               " echo count($a);\n",
    "fib.lua": "local function f(n) return n < 2 and n or f(n - 1) + f(n - 2) end print(f(31))\n"
               "local t = {} for i = 1, 200000 do t[i] = tostring(i * 7919 % 1009) end\n"
               "table.sort(t) print(#t)\n",
    "fib.tcl": "proc f n { expr {$n < 2 ? $n : [f [expr {$n - 1}]] + [f [expr {$n - 2}]]} }\n"
               "puts [f 25]; for {set i 0} {$i < 300000} {incr i} {lappend l [expr {$i % 997}]}\n"
               "puts [llength [lsort $l]]\n",
    "fib.scm": "(define (f n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2)))))\n(display (f 30))\n",
    "fib.awk": "function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) }\n"
               "BEGIN { print f(26) } { split($0, w, / /); c[w[1]]++; n += length($0) }\n"
               "END { print n }\n",
    "fib.sh": "f() { if [ $1 -lt 2 ]; then r=$1; else f $(($1 - 1)); set -- $1 $r; f $(($1 - 2));"
              " fi; }\nf 16; i=0; while [ $i -lt 40000 ]; do i=$((i + 1)); case $i in *7) s=$s$i;;"
              " *00) s=; s=$(echo $i);; esac; done\n",
    "fib.bc": "define f(n) { if (n < 2) return n; return f(n - 1) + f(n - 2); }\nf(21)\n"
              "scale=700\na(1)*4\nquit\n",
    "fib.pro": ":- initialization(main).\nf(N, N) :- N < 2, !.\nf(N, R) :- A is N - 1, B is N - 2,"
               " f(A, X), f(B, Y), R is X + Y.\nmain :- f(23, R), write(R), halt.\n",
    "fib.js": workloads.NODE_LOOP.replace("4000", "1500"),
    "fib.lisp": "(defun f (n) (if (< n 2) n (+ (f (- n 1)) (f (- n 2)))))\n(print (f 36))\n",
    "fib.hs": "import qualified Data.Map as M\nf :: Int -> Integer\n"
              "f n = if n < 2 then toInteger n else f (n - 1) + f (n - 2)\nmain :: IO ()\n"
              "main = do\n"
              "  print (f 27)\n  print (sum (M.elems (M.fromListWith (+) [(i `mod` 1009, i)"
              " | i <- [1..400000 :: Int]])))\n",
    "large.ml": "".join(f"let rec f{i} n = match n with 0 -> [{i}] | 1 -> [n] | _ -> List.map"
                        f" (fun x -> x * {i} + n) (f{i} (n - 1)) @ [String.length \"{i}\"]\n"
                        for i in range(1500)),
    "large.cc": "#include <map>\n#include <regex>\n#include <iostream>\n" + "".join(
        f"int f{i}(std::map<int, std::string> &m) {{ std::regex r(\"a{i}+\");"
        f" for (auto &x : m) if (std::regex_match(x.second, r)) return {i}; return 0; }}\n"
        for i in range(2)),
    "large.asm": "".join(f"l{i}: mov rax, [rbx + {i}]\n add rax, l{i}\n jne l{i}\n"
                         for i in range(40000)),
    "large.f90": "".join(f"subroutine s{i}(a, n)\n integer :: n, i\n real :: a(n)\n do i = 1, n\n"
                         f" a(i) = sqrt(a(i)) * {i}.0 + sin(a(i))\n end do\nend subroutine\n"
                         for i in range(200)),
    "large.json": "[" + ",".join(f'{{"n": {i}, "s": "x{i * 7919 % 1009}", "l": [{i}, {i / 3}]}}'
                                 for i in range(60000)) + "]",
    "large.xml": "<a>" + "".join(f"<b n='{i}'><c>text &amp; {i}</c></b>" for i in range(90000)) +
                 "</a>",
    "large.svg": "<svg xmlns='http://www.w3.org/2000/svg' width='900' height='900'>" + "".join(
        f"<circle cx='{i * 37 % 900}' cy='{i * 91 % 900}' r='{i % 60}' opacity='.3'/>"
        for i in range(4000)) + "</svg>",
    "large.dot": "digraph g {" + "".join(f"n{i} -> n{i * 7919 % 151};" for i in range(220)) + "}",
    "large.mk": "all: " + " ".join(f"t{i}" for i in range(20000)) + "\n" + "".join(
        f"t{i}: ; @:\n" for i in range(400)) + "%: ;\n",
    "large.gp": "set term pngcairo size 900,700\nset output 'plot.png'\nset isosamples 220\n"
                "set hidden3d\nsplot sin(x)*cos(y)\n",
    "run.py": "import numpy as n\na = n.random.rand(900, 900)\n"
              "for _ in range(4): n.linalg.inv(a); n.sort(a, axis=None); n.fft.fft2(a)\n",
    "CMakeLists.txt": "cmake_minimum_required(VERSION 3.20)\nproject(x NONE)\n"
                      "foreach(i RANGE 60000)\n string(REGEX REPLACE \"[0-9]\" \"x\" y \"a${i}\")\n"
                      " list(APPEND l ${y})\nendforeach()\n",
    "main.go": "package main\nimport (\"fmt\"; \"net/http\"; \"encoding/json\")\n"
               "func main() { fmt.Println(http.DefaultClient, json.Valid(nil)) }\n",
}

LOAD = "sleep 1; timeout 3 ab -q -n 40000 -c 8 http://127.0.0.1:%s"
SHELL = "%s fib.sh"

PROGRAMS = [Program(*row) for row in [
    ("server", "nginx", "timeout 3 nginx -p . -c nginx.conf", LOAD % "7301/page.md"),
    ("server", "lighttpd", "timeout 3 lighttpd -D -f lighttpd.conf", LOAD % "7302/page.md"),
    ("server", "haproxy", "timeout 3 haproxy -db -f haproxy.cfg", LOAD % "7303/"),
    ("server", "redis-server", "timeout 3 redis-server --port 7304 --save ''",
     "sleep 1; timeout 3 redis-benchmark -q -p 7304 -n 40000 -t set,get,lpush,zadd"),
    ("server", "redis-benchmark", "sleep 1; timeout 2 redis-benchmark -q -p 7305 -n 40000",
     "timeout 4 redis-server --port 7305 --save ''"),
    ("server", "memcached", "timeout 3 memcached -u nobody -p 7306 -l 127.0.0.1",
     "sleep 1; timeout 2 perl -MIO::Socket -e '$s = IO::Socket::INET->new(\"127.0.0.1:7306\");"
     " for (1..90000) { print $s \"set k$_ 0 0 3\\r\\nabc\\r\\nget k$_\\r\\n\"; $s->flush;"
     " <$s>; <$s>; <$s>; <$s> }'"),
    ("server", "postgres", "chmod 777 . && exec setpriv --reuid nobody --clear-groups"
     " initdb -D pg --no-sync"),
    ("server", "sshd", "mkdir -p /run/sshd; ssh-keygen -q -N '' -f key;"
     " for i in $(seq 9); do sshd -t -h ./key; done"),
    ("server", "dnsmasq", "for i in $(seq 40); do dnsmasq --test; done"),
    ("server", "ab", (LOAD % "7308/page.md") + "; true",
     "timeout 7 nginx -p . -c nginx8.conf"),
    ("script", "python3", "/usr/bin/python3 fib.py"),
    ("script", "perl", "perl fib.pl"),
    ("script", "ruby", "ruby fib.rb"),
    ("script", "php", "php -n fib.php"),
    ("script", "lua5.4", "lua5.4 fib.lua"),
    ("script", "luajit, interpreter", "luajit -joff fib.lua"),
    ("script", "tclsh", "tclsh fib.tcl"),
    ("script", "guile, interpreter", "GUILE_JIT_THRESHOLD=-1 guile --no-auto-compile fib.scm"),
    ("script", "gawk", "gawk -f fib.awk data"),
    ("script", "mawk", "mawk -f fib.awk data data"),
    ("script", "swipl", "swipl -q -f fib.pro"),
    ("script", "bash", SHELL % "bash"),
    ("script", "dash", SHELL % "dash"),
    ("script", "zsh", SHELL % "zsh"),
    ("script", "ksh93", SHELL % "ksh93"),
    ("script", "fish", "fish -c 'for i in (seq 4000); set x (math $i \"*\" 3); end'"),
    ("script", "bc", "bc -lq fib.bc"),
    ("compiler", "gcc", "gcc -O2 -c small.c -o c.o"),
    ("compiler", "g++", "g++ -O1 -c large.cc -o cc.o"),
    ("compiler", "clang-14", "clang-14 -O2 -c small.c -o c14.o"),
    ("compiler", "clang-19", "clang-19 -O2 -c small.c -o c19.o"),
    ("compiler", "rustc", "rustc -O large.rs -o large-rs"),
    ("compiler", "go vet", "GOFLAGS=-mod=mod GOCACHE=$PWD/gocache go vet main.go"),
    ("compiler", "gfortran", "gfortran -O2 -c large.f90 -o f.o"),
    ("compiler", "ocamlopt", "ocamlopt -c large.ml"),
    ("compiler", "ghc", "ghc -O0 -dynamic -outputdir hs fib.hs -o fib-hs"),
    ("compiler", "nasm", "nasm -f elf64 large.asm -o asm.o"),
    ("compiler", "ld", "for i in 1 2 3 4; do ld -r --whole-archive"
     " $(gcc -print-file-name=libc.a) -o l.o; done"),
    ("compiler", "objdump", "objdump -d $(readlink -f $(which gdb git | head -1))"),
    ("compiler", "make", "make -rs -f large.mk"),
    ("compiler", "cmake", "cmake -S . -B cm"),
    ("Haskell", "pandoc", "pandoc page.md -t html -o pandoc.html"),
    ("Haskell", "shellcheck", "shellcheck -x fib.sh $(grep -lI '^#! */bin/sh' /usr/bin/*"
     " | head -12); true"),
    ("number crunching", "ffmpeg", "ffmpeg -v error -f lavfi -i testsrc=duration=9:size=640x360"
     " -c:v mpeg4 -f null -"),
    ("number crunching", "ffmpeg, x264", "ffmpeg -v error -f lavfi -i"
     " testsrc=duration=4:size=640x360 -c:v libx264 -f null -"),
    ("number crunching", "convert", "convert -size 900x900 plasma: -blur 0x5 -rotate 7 x.png"),
    ("number crunching", "python3, numpy", "/usr/bin/python3 run.py"),
    ("number crunching", "gnuplot", "gnuplot large.gp"),
    ("number crunching", "dot", "dot -Tsvg large.dot -o dot.svg"),
    ("number crunching", "rsvg-convert", "rsvg-convert large.svg -o svg.png"),
    ("number crunching", "gs", "rsvg-convert -f pdf -o g.pdf large.svg; gs -q -dBATCH -dNOPAUSE"
     " -r200 -sDEVICE=png16m -sOutputFile=g.png g.pdf"),
    ("number crunching", "sox", "sox -n s.wav synth 40 pinknoise reverb rate 22050"),
    ("number crunching", "lame", "sox -n t.wav synth 30 pluck; lame --quiet t.wav t.mp3"),
    ("number crunching", "flac", "sox -n u.wav synth 90 pinknoise; flac -8 -s -f u.wav"),
    ("number crunching", "openssl", "openssl speed -seconds 1 rsa2048"),
    ("number crunching", "gpg", "mkdir -p -m 700 gh; gpg --homedir gh --batch --passphrase x"
     " --pinentry-mode loopback --symmetric -o d.gpg data"),
    ("number crunching", "sha256sum", "sha256sum data data data data data data data data data"
     " data data data data data data data data data data data data data data data data data"),
    ("tool", "sqlite3", f"sqlite3 :memory: \"{workloads.SQL.replace('4000000', '600000')}\""),
    ("tool", "jq", "jq '[.[] | select(.n % 3 == 0) | .s] | group_by(.) | length' large.json"),
    ("tool", "xz", "head -c 3000000 data | xz -9 -c"),
    ("tool", "zstd", "zstd -q -15 -c data"),
    ("tool", "bzip2", "bzip2 -c data"),
    ("tool", "gzip", "gzip -9 -c data"),
    ("tool", "brotli", "brotli -q 9 -c data"),
    ("tool", "7z", "7z a -mmt1 -mx5 x.7z data"),
    ("tool", "lz4", "for i in 1 2 3; do lz4 -9 -c data; done"),
    ("tool", "git", "git -C history log --stat -p"),
    ("tool", "tar", "tar -cJf u.tar.xz --exclude=.git /usr/share/perl/*"),
    ("tool", "rsync", "rsync -a --checksum /usr/share/perl/ rs; rsync -a -c /usr/share/perl/ rs"),
    ("tool", "sort", "LC_ALL=C.UTF-8 sort data -k2"),
    ("tool", "grep", "for i in 1 2 3; do grep -ciE '(word|line)[0-9]+ .*(7|9)9+ of' data; done"),
    ("tool", "sed", "sed -E 's/([0-9]+) (word)/\\2 \\1/; s/log/LOG/g' data"),
    ("tool", "rg", "for i in $(seq 9); do rg -c '(\\w+)9 of a .* that$|9\\w7' data; done"),
    ("tool", "curl", "for i in $(seq 30); do curl -s file://$PWD/data -o c.out; done"),
    ("tool", "xmllint", "xmllint --format --xpath 'count(//b[@n > 7]/c)' large.xml"),
    ("tool", "qpdf", "rsvg-convert -f pdf -o q.pdf large.svg; qpdf --compression-level=9"
     " --recompress-flate --object-streams=generate q.pdf r.pdf"),
    ("tool", "man", "man -P cat bash find"),
    ("tool", "groff", "groff -man -Tps $(gzip -dc /usr/share/man/man1/bash.1.gz > b.1; echo b.1)"),
    ("tool", "vim", "vim -es -N -u NONE data -c '%s/word/WORD/g' -c 'sort' -c 'q!'"),
    ("tool", "gdb", "gdb -batch -nx -ex 'python [gdb.parse_and_eval(\"1+%d\" % i) for i in"
     " range(30000)]'"),
    ("tool", "apt-cache", "apt-cache search -n lib.*perl"),
    ("tool", "find", "find /usr /var -newer data -name '*x*' -size +9k"),
    ("static", "busybox, ash", "busybox ash fib.sh"),
    ("static", "busybox, gzip", "busybox gzip -9 -c data"),
    ("static", "busybox, awk", "busybox awk -f fib.awk data"),
    ("static", "musl, static", "./work-musl-static 1"),
    ("static", "go", "./work-go 1"),
    ("stripped", "go, stripped", "./work-go-stripped 1"),
    ("stripped", "gcc, stripped", "./work-gcc-stripped 1"),
    ("stripped", "musl", "strip -o work-s work-musl; ./work-s 1"),
    ("setuid", "xz, a setuid copy", "head -c 2000000 data > s; ./setuid-xz -9 -c s; true"),
    ("setuid", "perl, a setuid copy", "./setuid-perl fib.pl; true"),
    ("setuid", "su", "su nobody -s /bin/sh -c '/usr/bin/python3 fib.py'"),
    ("browser", "chromium", "timeout 5 chromium --headless --no-sandbox --disable-gpu"
     " --user-data-dir=ch --dump-dom file://$PWD/page.html"),
    ("browser", "firefox-esr", "timeout 7 firefox-esr --headless --screenshot f.png"
     " file://$PWD/page.html"),
    ("run-time code", "node", "node fib.js"),
    ("run-time code", "java", "java -XX:+PreserveFramePointer -cp . Work 1"),
    ("run-time code", "java, plain", "java -cp . Work 1"),
    ("run-time code", "javac", "javac -J-XX:+PreserveFramePointer -d jc Work.java"),
    ("run-time code", "luajit", "luajit fib.lua"),
    ("run-time code", "guile", "guile --no-auto-compile fib.scm"),
    ("run-time code", "pypy3", "pypy3 fib.py"),
    ("run-time code", "sbcl", "sbcl --script fib.lisp"),
]]


def make_copies(directory):
    for name in ("xz", "perl"):
        original = shutil.which(name, path=PATH)
        if original:
            copy = directory / f"setuid-{name}"
            shutil.copy(original, copy)
            shutil.chown(copy, "nobody")
            copy.chmod(0o4755)
    if shutil.which("gcc"):
        subprocess.run(["gcc", "-O2", "-s", workloads.SOURCES / "work.c", "-o",
                        directory / "work-gcc-stripped"], check=True)


def prepare(directory):
    """Writes the inputs to @directory; returns the programs whose needs are installed."""
    directory = pathlib.Path(directory)
    directory.chmod(0o755)
    for name, text in FILES.items():
        (directory / name).write_text(text)
    (directory / "nginx8.conf").write_text(FILES["nginx.conf"].replace("7301", "7308"))
    workloads.write_data(directory / "data")
    workloads.write_c(directory / "small.c", functions=100)
    workloads.write_rust(directory / "large.rs", functions=12)
    if shutil.which("git"):
        workloads.write_history(directory / "history", commits=6000)
    shutil.copy(workloads.SOURCES / "Work.java", directory)
    (directory / "jc").mkdir()
    make_copies(directory)
    made = {name: workloads.make(name, directory) for name in
            ("go", "go, stripped", "musl", "musl, static", "java")}

    def installed(program):
        first = program.name.replace(",", "").split()[0]
        return made.get(program.name, True) and (
            shutil.which(first, path=PATH) or program.name in made or first in ("gcc", "rustc"))
    return [program for program in PROGRAMS if installed(program)]
