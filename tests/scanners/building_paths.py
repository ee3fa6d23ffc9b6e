"""Small builders of what the active class saw on unpublished paths: a host on which nothing was found."""

from collections.abc import Mapping

from scanners.data.unpublished import Purpose
from scanners.observations import Reason, Response, UnpublishedPaths
from tests.scanners.building import AT, HOST, response


def answer(path: str, *, status: int = 404, body: str = "", **headers: str) -> Response:
    """What a path answered; not found unless told otherwise."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return response(body, url=f"https://{HOST}{path}", status=status, headers={"content-type": "text/plain", **named})


def paths(
    purposes: Mapping[str, Purpose],
    *,
    signs: Mapping[str, tuple[str, ...]] | None = None,
    unclear: Mapping[str, Reason] | None = None,
    status: int = 404,
    control: int = 404,
    bodies: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> UnpublishedPaths:
    """The paths of these purposes; those with a sign answered 200, the others with `status`."""
    borne, blind = signs or {}, unclear or {}
    return UnpublishedPaths(
        at=AT,
        answers={
            path: answer(
                path, status=200 if path in borne else status, body=(bodies or {}).get(path, ""), **(headers or {})
            )
            for path in purposes
            if path not in blind
        },
        controls=(answer("/a1", status=control), answer("/b2", status=control)),
        purposes=dict(purposes),
        signs=borne,
        unclear=blind,
    )


def one(path: str, purpose: Purpose, *signs: str, **more: object) -> UnpublishedPaths:
    """One path, with the signs its answer bears."""
    return paths({path: purpose}, signs={path: signs} if signs else {}, **more)  # type: ignore[arg-type]
