"""Reading base and proxy URLs."""

import pytest

from tidegate.adapters.upstream.address import Origin, parse_origin, parse_proxy
from tidegate.adapters.upstream.settings import UpstreamSettings
from tidegate.domain.errors import InvalidInput


@pytest.mark.parametrize(
    ("url", "origin", "authority"),
    [
        ("https://api.anthropic.com", Origin(True, "api.anthropic.com", 443, ""), "api.anthropic.com"),
        ("http://127.0.0.1:8080/", Origin(False, "127.0.0.1", 8080, ""), "127.0.0.1:8080"),
        ("https://h:8443/a/b/", Origin(True, "h", 8443, "/a/b"), "h:8443"),
        ("http://[::1]:9/x", Origin(False, "::1", 9, "/x"), "[::1]:9"),
        ("https://[2001:db8::1]", Origin(True, "2001:db8::1", 443, ""), "[2001:db8::1]"),
        ("https://bücher.example", Origin(True, "xn--bcher-kva.example", 443, ""), "xn--bcher-kva.example"),
    ],
)
def test_base_urls(url, origin, authority):
    assert parse_origin(url) == origin
    assert parse_origin(url).authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.anthropic.com",
        "ftp://h",
        "http://",
        "http://h:0",
        "http://h:70000",
        "http://h:x",
        "http://[::1",
        "http://u:p@h",
        "http://h?q=1",
        "http://h#f",
        "http://h/a b",
        "http://h/ü",
        "http://" + "a" * 64 + ".example",
        "http://a..b",
    ],
)
def test_base_urls_that_are_refused(url):
    with pytest.raises(InvalidInput):
        parse_origin(url)


def test_a_proxys_credentials_are_unescaped_and_stay_out_of_texts():
    proxy = parse_proxy("http://us%3Aer:p%40ss@proxy.test:3128")
    assert (proxy.host, proxy.port) == ("proxy.test", 3128)
    assert proxy.authorization == "Basic dXM6ZXI6cEBzcw=="
    assert "dXM6" not in repr(proxy)
    assert "p%40ss" not in repr(UpstreamSettings("http://h", proxy="http://us:p%40ss@proxy.test:3128"))


@pytest.mark.parametrize(
    "url", ["https://proxy.test", "socks5://proxy.test", "proxy.test:3128", "http://:3128"]
)
def test_proxies_that_are_refused(url):
    with pytest.raises(InvalidInput, match="proxy"):
        parse_proxy(url)
