"""Behaviour of the token reader: what the issuer signed is taken, and nothing that anybody else could make."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from agent.access.errors import UnauthenticatedError
from agent.access.key_set import KeySet, read_keys, refuse_foreign
from agent.access.settings import AccessSettings
from agent.access.tokens import TokenReader
from medcoding.access import Actor, Role
from medcoding.errors import ConfigError, DependencyError
from tests.agent.access.issuer import AUDIENCE, ISSUER, Issuer, claims_of


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    """One issuer; making its keys takes a while."""
    return Issuer()


def settings_of(place: str, **changes: Any) -> AccessSettings:
    """Settings of a guarded installation."""
    return AccessSettings(mode="guarded", issuer=ISSUER, audience=AUDIENCE, jwks=place, leeway_s=5, **changes)


@pytest.fixture
def reader(issuer: Issuer, tmp_path: Path) -> TokenReader:
    """A reader of that issuer's tokens."""
    settings = settings_of(str(issuer.write(tmp_path)), role_names={"HIM-Coder": "coder"})
    return TokenReader(settings, KeySet(settings))


@pytest.mark.parametrize("name", ["RS256", "ES256", "EdDSA"])
def test_takes_what_the_issuer_signed(reader: TokenReader, issuer: Issuer, name: str) -> None:
    """Each allowed signature names the person, the tenant and the roles."""
    assert reader.actor(issuer.token(name)) == Actor(id="anna", tenant="north", roles=frozenset({Role.CODER}))


@pytest.mark.parametrize(
    ("claim", "roles"),
    [
        (["coder", "auditor"], {Role.CODER, Role.AUDITOR}),
        ("coder auditor", {Role.CODER, Role.AUDITOR}),
        (["HIM-Coder", "Cafeteria"], {Role.CODER}),
    ],
)
def test_maps_roles(reader: TokenReader, issuer: Issuer, claim: object, roles: set[Role]) -> None:
    """Roles come as a list or as words, by our names or by the issuer's; unknown ones give nothing."""
    assert reader.actor(issuer.token(roles=claim)).roles == roles


def test_reads_claims_inside_objects(issuer: Issuer, tmp_path: Path) -> None:
    """A dot in the setting leads into an object; a claim of the whole name comes first."""
    settings = settings_of(str(issuer.write(tmp_path)), roles_claim="realm.roles", tenant_claim="https://x.example/t")
    reader = TokenReader(settings, KeySet(settings))
    named: dict[str, Any] = {"https://x.example/t": "south", "realm": {"roles": ["auditor"]}}
    token = issuer.token(roles=None, tenant=None, **named)
    assert reader.actor(token) == Actor(id="anna", tenant="south", roles=frozenset({Role.AUDITOR}))


def part(value: object) -> str:
    """One part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def unsigned(alg: str, **claims: Any) -> str:
    """A token with no signature at all."""
    return f"{part({'alg': alg, 'typ': 'JWT', 'kid': 'RS256'})}.{part({**claims_of(), **claims})}."


def with_secret(secret: bytes, alg: str = "HS256", **header: Any) -> str:
    """A token signed with a shared secret: the public key, as attackers do."""
    body = f"{part({'alg': alg, 'typ': 'JWT', **header})}.{part(claims_of())}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    return f"{body}.{part(hmac.new(secret, body.encode(), digest).digest())}"


def by_another(issuer: Issuer, name: str, **header: Any) -> str:
    """A token as the issuer would sign it, signed by somebody else's key."""
    other = Issuer.__new__(Issuer)
    other.keys = {
        "RS256": rsa.generate_private_key(public_exponent=65_537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    return other.token(name, headers=header)


def cut(token: str, *, payload: object = None, header: object = None, signature: str | None = None) -> str:
    """A good token with one part exchanged."""
    parts = token.split(".")
    parts[0] = part(header) if header is not None else parts[0]
    parts[1] = part(payload) if payload is not None else parts[1]
    parts[2] = parts[2] if signature is None else signature
    return ".".join(parts)


NOW: Final = time.time()
FORGED: Final[dict[str, Callable[[Issuer], str]]] = {
    "alg none": lambda _: unsigned("none"),
    "alg None": lambda _: unsigned("None"),
    "alg nOnE": lambda _: unsigned("nOnE"),
    "alg empty": lambda _: unsigned(""),
    "none with a signature": lambda i: unsigned("none") + i.token().split(".")[2],
    "HS256 with the public PEM": lambda i: with_secret(i.public_pem()),
    "HS256 with the public PEM and its kid": lambda i: with_secret(i.public_pem(), kid="RS256"),
    "HS384 with the public PEM": lambda i: with_secret(i.public_pem(), "HS384"),
    "HS512 with the public PEM": lambda i: with_secret(i.public_pem(), "HS512"),
    "HS256 with the JWK as text": lambda i: with_secret(json.dumps(i.public_entry("RS256")).encode()),
    "HS256 with the modulus": lambda i: with_secret(i.public_entry("RS256")["n"].encode()),
    "HS256 with an empty secret": lambda _: with_secret(b""),
    "another issuer": lambda i: i.token(iss="https://login.south.example"),
    "issuer with a slash more": lambda i: i.token(iss=f"{ISSUER}/"),
    "issuer as a list": lambda i: cut(i.token(), payload={**claims_of(), "iss": [ISSUER]}),
    "no issuer": lambda i: i.token(iss=None),
    "another audience": lambda i: i.token(aud="billing"),
    "no audience": lambda i: i.token(aud=None),
    "audience in other letters": lambda i: i.token(aud="Chartwright"),
    "expired": lambda i: i.token(exp=int(NOW) - 600),
    "expires at the beginning of time": lambda i: i.token(exp=0),
    "no end": lambda i: i.token(exp=None),
    "end as words": lambda i: cut(i.token(), payload={**claims_of(), "exp": "never"}),
    "not valid yet": lambda i: i.token(nbf=int(NOW) + 3600),
    "issued in the future": lambda i: i.token(iat=int(NOW) + 3600),
    "nobody": lambda i: i.token(sub=None),
    "no tenant": lambda i: i.token(tenant=None),
    "tenant that is a path": lambda i: i.token(tenant="../south"),
    "no role": lambda i: i.token(roles=None),
    "a role that we have not": lambda i: i.token(roles=["root"]),
    "kid of another kind of key": lambda i: i.token("RS256", headers={"kid": "ES256"}),
    "kid that is a file": lambda i: i.token("RS256", headers={"kid": "../../dev/null"}),
    "kid that is SQL": lambda i: i.token("RS256", headers={"kid": "' UNION SELECT 'x"}),
    "kid that is no text": lambda i: cut(i.token(), header={"alg": "RS256", "typ": "JWT", "kid": 7}),
    "jku to an attacker": lambda i: i.token(headers={"jku": "https://evil.example/jwks.json"}),
    "x5u to an attacker": lambda i: i.token(headers={"x5u": "https://evil.example/cert.pem"}),
    "brings its own key": lambda i: by_another(i, "RS256", jwk=i.public_entry("RS256")),
    "signed by another RSA key": lambda i: by_another(i, "RS256"),
    "signed by another EC key": lambda i: by_another(i, "ES256"),
    "a critical extension": lambda i: i.token(headers={"crit": ["b64"], "b64": False}),
    "truncated signature": lambda i: i.token()[:-8],
    "no signature": lambda i: i.token().rpartition(".")[0] + ".",
    "swapped payload": lambda i: cut(i.token(), payload={**claims_of(), "sub": "root"}),
    "another's signature": lambda i: cut(i.token(), signature=i.token(sub="bert").split(".")[2]),
    "header claims ES256 for an RSA signature": lambda i: cut(
        i.token(), header={"alg": "ES256", "typ": "JWT", "kid": "ES256"}
    ),
    "two parts": lambda i: i.token().rpartition(".")[0],
    "four parts": lambda i: i.token() + ".x",
    "with a blank": lambda i: i.token().replace(".", " .", 1),
    "encrypted shape": lambda i: ".".join([*i.token().split("."), "a", "b"]),
    "far too long": lambda i: i.token(padding="x" * 9000),
    "no token": lambda _: "hello",
    "typ of something else": lambda i: i.token(headers={"typ": "secevent+jwt"}),
    "refused algorithm PS256": lambda i: cut(i.token(), header={"alg": "PS256", "typ": "JWT", "kid": "RS256"}),
    "psychic signature": lambda i: cut(i.token("ES256"), signature=part(b"\x00" * 64)),
}


@pytest.mark.parametrize("name", list(FORGED))
def test_refuses_every_forgery(reader: TokenReader, issuer: Issuer, name: str) -> None:
    """No forged token opens anything, and the refusal quotes nothing of it."""
    token = FORGED[name](issuer)
    with pytest.raises(UnauthenticatedError) as refusal:
        reader.actor(token)
    assert str(refusal.value).endswith(".")
    assert not token or token not in str(refusal.value)


def test_there_are_enough_forgeries() -> None:
    """The issue asks for forty."""
    assert len(FORGED) >= 40


def test_an_unlisted_algorithm_of_the_issuer_is_refused(issuer: Issuer, tmp_path: Path) -> None:
    """What the operator did not allow is not taken, though the issuer's own key signed it."""
    settings = settings_of(str(issuer.write(tmp_path)), algorithms=("ES256",))
    reader = TokenReader(settings, KeySet(settings))
    assert reader.actor(issuer.token("ES256")).id == "anna"
    with pytest.raises(UnauthenticatedError):
        reader.actor(issuer.token("RS256"))


@contextmanager
def jwks_server(text: str) -> Iterator[str]:
    """A server on loopback that holds a JWKS, and one address that leads elsewhere; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            moved = self.path == "/moved"
            self.send_response(302 if moved else 200)
            self.send_header("Location", "/jwks")
            self.end_headers()
            self.wfile.write(b"" if moved else text.encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class TestKeySet:
    """Where public keys come from."""

    @pytest.mark.parametrize(
        "url",
        ["http://login.north.example/jwks", "https://evil.example/jwks", "file:///etc/passwd",
         "https://login.north.example.evil.example/jwks", "https://user@evil.example/jwks"],
    )  # fmt: skip
    def test_refuses_foreign_addresses(self, url: str) -> None:
        """Plain http and hosts that are not listed are refused when the service starts, before anything is asked."""
        with pytest.raises(ConfigError, match="JWKS"):
            KeySet(settings_of(url, jwks_hosts=("login.north.example",)))

    def test_takes_listed_hosts_and_loopback(self) -> None:
        """A listed host by https, and loopback by either."""
        for url in ("https://login.north.example/jwks", "http://127.0.0.1:9000/jwks", "http://[::1]/jwks"):
            refuse_foreign(url, ("login.north.example",))

    def test_leaves_out_shared_secrets_private_and_weak_keys(self, issuer: Issuer) -> None:
        """A JWKS that holds what could be misused gives only its sound keys."""
        weak = rsa.generate_private_key(public_exponent=65_537, key_size=1024)
        odd = Issuer.__new__(Issuer)
        odd.keys = {"RS256": weak}
        entries = [
            {"kty": "oct", "k": "c2VjcmV0", "kid": "shared"},
            {**issuer.public_entry("ES256"), "d": "AAAA", "kid": "private"},
            {**odd.public_entry("RS256"), "kid": "weak"},
            {**issuer.public_entry("RS256"), "use": "enc", "kid": "encryption"},
            issuer.public_entry("EdDSA"),
        ]
        found = read_keys(json.dumps({"keys": entries}), ("RS256", "ES256", "EdDSA"))
        assert [key.id for key in found] == ["EdDSA"]

    def test_a_missing_file_is_a_dependency(self, issuer: Issuer, tmp_path: Path) -> None:
        """Until the keys can be had nobody is let in, and the caller may try again."""
        settings = settings_of(str(tmp_path / "none.json"))
        with pytest.raises(DependencyError) as refusal:
            TokenReader(settings, KeySet(settings)).actor(issuer.token())
        assert refusal.value.retryable

    def test_keys_are_fetched_from_loopback_and_no_redirect_is_followed(self, issuer: Issuer) -> None:
        """A server beside us hands the keys out; one that sends us elsewhere is not followed."""
        with jwks_server(json.dumps(issuer.jwks())) as url:
            settings = settings_of(f"{url}/jwks")
            assert TokenReader(settings, KeySet(settings)).actor(issuer.token()).id == "anna"
            moved = settings_of(f"{url}/moved")
            with pytest.raises(DependencyError):
                TokenReader(moved, KeySet(moved)).actor(issuer.token())

    def test_new_keys_are_read_when_a_token_names_one(self, issuer: Issuer, tmp_path: Path) -> None:
        """A key that was rotated in is found after a minute, and old keys serve on when the file is gone."""
        path, moment = issuer.write(tmp_path), [0.0]
        path.write_text(json.dumps({"keys": [issuer.public_entry("EdDSA")]}), encoding="utf-8")
        settings = settings_of(str(path))
        keys = KeySet(settings, clock=lambda: moment[0])
        assert keys.key("RS256", "RS256") is None
        issuer.write(tmp_path)
        assert keys.key("RS256", "RS256") is None
        moment[0] = 61
        assert keys.key("RS256", "RS256") is not None
        path.unlink()
        moment[0] = 10_000
        assert keys.key("RS256", "RS256") is not None


def test_settings_that_leave_the_door_open_are_refused() -> None:
    """An issuer beside the mode that asks nobody is a mistake, and so is an issuer without keys."""
    with pytest.raises(ValueError, match="guarded"):
        AccessSettings(mode="local", issuer=ISSUER, jwks="keys.json")
    with pytest.raises(ValueError, match="go together"):
        AccessSettings(mode="guarded", issuer=ISSUER)
