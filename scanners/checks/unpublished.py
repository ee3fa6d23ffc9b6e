"""What the active class found on paths that nobody published, and when silence there says nothing."""

from collections.abc import Callable, Iterable, Mapping

from scanners.checking import ok, unknown, unseen
from scanners.checks import documents
from scanners.checks.wording import listing
from scanners.data.unpublished import Purpose
from scanners.model import N_, Observations, Verdict
from scanners.observations import Reason, Response, UnpublishedPaths

NOT_ASKED = N_("These paths were not asked for in this scan.")
ALIKE = N_("The host answers every path alike, so nothing can be concluded.")
REFUSED = N_("The host refuses every path alike with status %(status)s, so nothing can be concluded.")
NOTHING = N_("Paths asked: %(count)s; none shows what was looked for.")
FORBIDDEN = 403

Found = Mapping[str, tuple[str, ...]]


def found(seen: Observations, *purposes: Purpose) -> Found:
    """The paths of these purposes that bear a sign, with their signs."""
    paths = seen[UnpublishedPaths]
    return {path: signs for path, signs in paths.signs.items() if paths.purposes.get(path) in purposes}


def bearing(signs: Found, *names: str) -> tuple[str, ...]:
    """The paths with one of these signs; a name that ends in a colon stands for all that begin so."""
    return tuple(path for path, borne in signs.items() if any(_is_named(sign, names) for sign in borne))


def named(signs: Found, prefix: str) -> tuple[str, ...]:
    """What stands behind the signs with this prefix, each once."""
    return tuple(
        dict.fromkeys(sign[len(prefix) :] for borne in signs.values() for sign in borne if sign.startswith(prefix))
    )


def shown(paths: Iterable[str]) -> str:
    """Paths for a sentence, without what we put behind them."""
    return listing(path.partition("?")[0] for path in paths)


def nothing_found(seen: Observations, *purposes: Purpose) -> Verdict:
    """The verdict where no path of these purposes bears a sign: passed, or why that says nothing."""
    paths = seen[UnpublishedPaths]
    asked = [path for path, purpose in paths.purposes.items() if purpose in purposes]
    if not asked:
        return unknown(NOT_ASKED)
    if reasons := [paths.unclear[path] for path in asked if path in paths.unclear]:
        return unseen(reasons[0])
    answers = [paths.answers[path] for path in asked if path in paths.answers]
    if any(documents.is_blocked(answer) for answer in answers):
        return unseen(Reason.CHALLENGED)
    return _behind_controls(answers, paths.controls) or ok(NOTHING, count=len(asked))


def _behind_controls(answers: Iterable[Response], controls: Iterable[Response]) -> Verdict | None:
    """Why the answers say nothing beside those for paths that cannot exist."""
    usual = {control.status for control in controls}
    common = usual & {answer.status for answer in answers}
    if common & set(documents.ANSWERED):
        return unknown(ALIKE)
    if FORBIDDEN in common:
        return unknown(REFUSED, status=FORBIDDEN)
    return None


def otherwise(
    judge: Callable[[Observations, Found], Verdict | None], *purposes: Purpose
) -> Callable[[Observations], Verdict]:
    """Hand what was found to the judgement; where it has nothing to say, the paths passed or say nothing."""

    def judged(seen: Observations) -> Verdict:
        return judge(seen, found(seen, *purposes)) or nothing_found(seen, *purposes)

    return judged


def _is_named(sign: str, names: tuple[str, ...]) -> bool:
    return any(sign.startswith(name) if name.endswith(":") else sign.partition(":")[0] == name for name in names)
