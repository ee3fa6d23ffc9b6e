"""What a process that meets strangers' bytes may use at the most: memory, processor time, files, what it writes."""

import resource


def keep_to(*, memory: int, seconds: int, open_files: int, written: int | None = None) -> None:
    """Lower the limits of this process and of what it starts, for good; a lower one that stands already stays.

    `memory`: bytes of address space; `seconds`: of processor time; `written`: bytes of the largest file, None to leave
    it as it is. No core is ever dumped: it would hold what was read.
    """
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_NOFILE: open_files,
        resource.RLIMIT_CORE: 0,
    }
    if written is not None:
        wanted[resource.RLIMIT_FSIZE] = written
    for kind, most in wanted.items():
        _soft, hard = resource.getrlimit(kind)
        lowered = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (lowered, lowered))
