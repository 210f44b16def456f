# SPDX-License-Identifier: MIT
"""A Linux machine of another kernel that runs commands: Debian's 6.1 under qemu's emulation.

Knows nothing of ctrace.  The machine has no disk: its files are an initramfs, what the commands
leave comes back as one tar archive over its second serial line.
"""
import dataclasses
import gzip
import io
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tarfile
import tempfile

KERNEL_PACKAGE = "linux-image-cloud-amd64"
BUSYBOX = "/bin/busybox"

# Emulation boots in 4 s and runs 10 to 20 times slower than the host.
BOOT_TIMEOUT = 480

INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /dev /tmp /out
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tracefs tracefs /sys/kernel/tracing
export PATH=/bin:/usr/bin:/sbin HOME=/tmp
run() {
	mkdir -p "/out/$1"
	cd "/out/$1"
	echo "guest: $1"
	timeout "$2" sh -c "$3" >stdout 2>stderr </dev/null
	echo $? >status
	cat /proc/uptime >uptime
}
@COMMANDS@
cd /out
stty raw -F /dev/ttyS1
tar -cz . >/dev/ttyS1
stty sane -F /dev/ttyS1
poweroff -f
"""


class Unavailable(Exception):
    """This host cannot run the machine; the text says what is missing."""


@dataclasses.dataclass
class Command:
    """One thing to run in the guest, by sh, in a directory of its own."""

    name: str
    text: str
    timeout: int = 60


@dataclasses.dataclass
class Result:
    """What a command left: its directory, and how it ended (None: it was never reached)."""

    directory: pathlib.Path
    status: int | None

    def read(self, name):
        path = self.directory / name
        return path.read_text(errors="replace") if path.exists() else ""


def cache_directory():
    configured = os.environ.get("CTRACE_VM_CACHE")
    if configured:
        return pathlib.Path(configured)
    home = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(home) / "ctrace-vm"


def kernel_package_name():
    """The package the meta package depends on, or None where the lists of packages are empty."""
    shown = subprocess.run(["apt-cache", "depends", KERNEL_PACKAGE], capture_output=True,
                           text=True, check=False)
    match = re.search(r"Depends: (linux-image-\S+)", shown.stdout)
    return match and match[1]


def download_kernel(cache):
    if not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise Unavailable("no kernel image: apt-get and dpkg are needed to get it")
    name = kernel_package_name()
    if not name and os.geteuid() == 0:
        subprocess.run(["apt-get", "-qq", "update"], capture_output=True, check=False)
        name = kernel_package_name()
    if not name:
        raise Unavailable(f"no kernel image: apt knows no {KERNEL_PACKAGE}")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        got = subprocess.run(["apt-get", "-qq", "download", name], cwd=scratch, text=True,
                             capture_output=True, check=False)
        packages = list(pathlib.Path(scratch).glob("*.deb"))
        if got.returncode or not packages:
            raise Unavailable(f"no kernel image: apt-get download {name}: {got.stderr.strip()}")
        # Only the kernel itself; its modules would be 100 MB.
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(packages[0])], check=True,
                                 capture_output=True).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            member = next(m for m in files if m.name.startswith("./boot/vmlinuz-"))
            image = pathlib.Path(scratch) / "image"
            image.write_bytes(files.extractfile(member).read())
            kernel = cache / pathlib.PurePath(member.name).name
            image.rename(kernel)
    return kernel


def find_kernel():
    cache = cache_directory()
    kernels = sorted(cache.glob("vmlinuz-6.1.*"))
    return kernels[-1] if kernels else download_kernel(cache)


def libraries_of(file):
    """What ldd names for a dynamic program; nothing for others."""
    shown = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False)
    return re.findall(r"(/\S+) \(0x", shown.stdout)


class Guest:
    """The machine, being put together; boot() runs it once."""

    def __init__(self):
        if not shutil.which("qemu-system-x86_64") or not shutil.which("cpio"):
            raise Unavailable("qemu-system-x86_64 and cpio are needed")
        if not pathlib.Path(BUSYBOX).exists() or libraries_of(BUSYBOX):
            raise Unavailable(f"{BUSYBOX} has to be a static one (busybox-static)")
        self.kernel = find_kernel()
        self.files = {}
        self.commands = []
        self.add_file(BUSYBOX, "/bin/busybox")

    def add_file(self, source, place):
        """Puts a file into the guest, with its libraries."""
        self.files[place] = pathlib.Path(source)
        for library in libraries_of(source):
            self.files.setdefault(library, pathlib.Path(library))

    def add_command(self, command):
        self.commands.append(command)

    def write_initramfs(self, root, image):
        for place, source in self.files.items():
            path = root / place.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, path)
            path.chmod(0o755)
        lines = [f"run {shlex.quote(c.name)} {c.timeout} {shlex.quote(c.text)}"
                 for c in self.commands]
        (root / "init").write_text(INIT.replace("@COMMANDS@", "\n".join(lines)))
        (root / "init").chmod(0o755)
        names = "\n".join(str(path.relative_to(root)) for path in sorted(root.rglob("*")))
        with open(image, "wb") as out:
            subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], cwd=root, stdout=out,
                           input=names.encode(), check=True)

    def boot(self, directory):
        """Runs everything; {name: Result}, and what the console said."""
        with tempfile.TemporaryDirectory() as scratch:
            root, image = pathlib.Path(scratch) / "root", pathlib.Path(scratch) / "initramfs"
            archive = pathlib.Path(scratch) / "out"
            root.mkdir()
            self.write_initramfs(root, image)
            try:
                done = subprocess.run(
                    ["qemu-system-x86_64", "-machine", "q35,accel=tcg", "-cpu", "max",
                     "-smp", "2", "-m", "2G", "-display", "none", "-no-reboot", "-net", "none",
                     "-serial", "stdio", "-serial", f"file:{archive}",
                     "-kernel", str(self.kernel), "-initrd", str(image),
                     "-append", "console=ttyS0 quiet panic=-1"],
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                    timeout=BOOT_TIMEOUT, check=False)
                console = done.stdout
            except subprocess.TimeoutExpired as late:
                console = (late.stdout or b"") + b"\nthe machine took too long\n"
            unpack(archive, directory)
        results = {}
        for command in self.commands:
            place = pathlib.Path(directory) / command.name
            status = place / "status"
            results[command.name] = Result(place,
                                           int(status.read_text()) if status.exists() else None)
        return results, console.decode(errors="replace")


def unpack(archive, directory):
    """What came over the line; nothing at all if the machine died before."""
    try:
        with tarfile.open(fileobj=io.BytesIO(gzip.decompress(archive.read_bytes()))) as files:
            files.extractall(directory)
    except (OSError, EOFError, tarfile.TarError, gzip.BadGzipFile):
        pass
