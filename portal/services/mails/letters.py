"""The mails we write, in the reader's language: plain text and the same as quiet HTML, never HTML from people."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, kw_only=True)
class Letter:
    """A mail before it is addressed; `link` stands on a line of its own, `closing` below it."""

    subject: str
    paragraphs: Sequence[str]
    link: str = ""
    link_text: str = ""
    closing: Sequence[str] = ()

    @property
    def text(self) -> str:
        """The plain text."""
        middle = [f"{self.link_text}:\n{self.link}"] if self.link else []
        return "\n\n".join([*self.paragraphs, *middle, *self.closing]) + "\n"

    @property
    def html(self) -> str:
        """The HTML twin: no pictures, nothing that is fetched, everything escaped."""
        button = (
            f'<p style="margin:24px 0"><a href="{escape(self.link)}" style="background:#1f4e79;color:#ffffff;'
            f'padding:12px 20px;border-radius:4px;text-decoration:none">{escape(self.link_text)}</a></p>'
            f'<p style="font-size:13px;color:#5a6772;word-break:break-all">{escape(self.link)}</p>'
            if self.link
            else ""
        )
        return (
            '<!doctype html><html><body style="margin:0;padding:24px;background:#f4f6f8">'
            '<div style="max-width:600px;margin:0 auto;padding:28px 32px;background:#ffffff;color:#1b2a38;'
            "font:16px/1.5 'Fira Sans',Arial,sans-serif\">"
            f"{_paragraphs(self.paragraphs)}{button}{_paragraphs(self.closing)}</div></body></html>"
        )


def _paragraphs(sentences: Sequence[str]) -> str:
    return "".join(f"<p>{escape(sentence).replace(chr(10), '<br>')}</p>" for sentence in sentences)
