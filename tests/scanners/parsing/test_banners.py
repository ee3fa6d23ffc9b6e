"""Banners: products with versions, and headers that had better be silent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanners.parsing import banners


@pytest.mark.parametrize(
    ("banner", "products"),
    [
        ("nginx", []),
        ("nginx/1.18.0", ["nginx 1.18.0"]),
        ("Apache/2.4.62 (Unix) OpenSSL/1.1.1w PHP/8.1.2", ["apache 2.4.62", "openssl 1.1.1", "php 8.1.2"]),
        ("Microsoft-IIS/10.0", ["microsoft-iis 10.0"]),
        ("Drupal 7 (https://www.drupal.org)", ["drupal 7"]),
        ("Jetty(9.4.43)", []),
    ],
)
def test_products_are_read_with_their_version(banner: str, products: list[str]):
    assert [product.text for product in banners.named_in(banner)] == products


@pytest.mark.parametrize("banner", ["Apache/2.4.41 (Ubuntu)", "Apache/2.2.15 (CentOS)", "nginx/1.18.0-6+deb11u3"])
def test_a_distributions_package_is_known(banner: str):
    assert all(product.packaged for product in banners.named_in(banner))


def test_only_headers_with_a_version_disclose():
    headers = [("server", "nginx"), ("x-powered-by", "PHP/8.4.1"), ("x-aspnet-version", "4"), ("date", "1.2")]

    assert banners.disclosing(headers) == ("x-powered-by: PHP/8.4.1", "x-aspnet-version: 4")


@given(st.lists(st.tuples(st.sampled_from(["server", "x-powered-by", "etag"]), st.text())))
def test_any_headers_are_read_without_raising(headers: list[tuple[str, str]]):
    banners.products(headers)
    banners.disclosing(headers)
