"""The press has read everything before a document is wanted."""

from concurrent.futures import ProcessPoolExecutor

import pytest

from portal.jobs import printing


@pytest.mark.parametrize(
    "asked",
    [
        "'weasyprint' in __import__('sys').modules",
        "__import__('reports.rendering').rendering._files.cache_info().currsize == 1",
        "__import__('gc').get_freeze_count() > 100_000",
    ],
)
def test_a_process_that_was_just_forked_has_read_the_libraries_and_the_fonts(asked):
    with ProcessPoolExecutor(max_workers=1, mp_context=printing._warm()) as pool:
        assert pool.submit(eval, asked).result()


def test_a_document_leaves_nothing_behind_in_its_process():
    html = "<html lang=de><title>x</title><body>" + "<p>Ein Satz, der <b>gesetzt</b> wird.</p>" * 500
    count = "len(__import__('gc').get_objects())"
    with ProcessPoolExecutor(max_workers=1, mp_context=printing._warm(), initializer=printing._begin) as pool:
        pool.submit(printing._set, html, "").result()
        before = pool.submit(eval, count).result()
        for _ in range(3):
            pool.submit(printing._set, html, "").result()
        after = pool.submit(eval, count).result()

    assert after < before * 1.05


def test_a_document_is_set_in_limited_memory():
    limit = "__import__('resource').getrlimit(__import__('resource').RLIMIT_AS)"
    with ProcessPoolExecutor(max_workers=1, mp_context=printing._warm(), initializer=printing._begin) as pool:
        assert pool.submit(eval, limit).result() == (printing.MEMORY, printing.MEMORY)
