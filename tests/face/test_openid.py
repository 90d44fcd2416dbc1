"""Sign-in through OpenID Connect, against a small issuer of our own: discovery, code and PKCE, keys, claims."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from postroad.face.web.settings import OpenId
from tests.face.web import app_in, signed_in

KEY, STRANGER = (RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}) for _ in range(2))
CLIENT = ("console", "the secret of the client")


class Issuer(HTTPServer):
    """An issuer with one person at the door; ``claims`` and ``key`` can be changed to see what is refused."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.codes, self.asked = {}, []
        self.claims, self.key = {}, KEY

    def token(self, nonce):
        told = {"iss": self.address, "aud": CLIENT[0], "sub": "7", "nonce": nonce, "iat": int(time.time()),
                "exp": int(time.time()) + 300, "preferred_username": "li.wei", **self.claims}  # fmt: skip
        return jwt.encode({"alg": "RS256", "kid": "k1"}, told, self.key)


class Door(BaseHTTPRequestHandler):
    def log_message(self, *words):
        pass

    def answer(self, told, status=200):
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        at = self.server.address
        if self.path == "/.well-known/openid-configuration":
            self.answer({
                "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/jwks", "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "code_challenge_methods_supported": ["S256"],
            })  # fmt: skip
        else:
            self.answer({"keys": [KEY.as_dict(private=False)]})

    def do_POST(self):
        given = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
        self.server.asked.append(given)
        basic = base64.b64encode(":".join(CLIENT).replace(" ", "+").encode()).decode()
        plain = base64.b64encode(":".join(CLIENT).encode()).decode()
        held = self.server.codes.pop(given["code"][0], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"][0].encode()).digest()).decode()
        fits = held and held["code_challenge"] == challenge.rstrip("=")
        known = self.headers.get("authorization", "") in (f"Basic {basic}", f"Basic {plain}")
        if not fits or not known:
            self.answer({"error": "invalid_grant"}, 400)
            return
        self.answer({"access_token": "a", "token_type": "Bearer", "id_token": self.server.token(held["nonce"])})


@pytest.fixture(scope="module")
def issuer():
    made = Issuer()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="module")
def app(tmp_path_factory, issuer):
    given = OpenId(issuer.address, *CLIENT, "groups", "area", {"planning-office": "province", "走访": "inspector"})
    return app_in(tmp_path_factory.mktemp("home"), open_id=given)


def come_back(client, issuer, **changed):
    """Go to the issuer, sign in there, and come back with a code; ``changed`` alters the way back."""
    way = client.get("/api/session/open-id", follow_redirects=False)
    assert way.status_code == 303
    asked = {name: value[0] for name, value in parse_qs(urlsplit(way.headers["location"]).query).items()}
    assert way.headers["location"].startswith(f"{issuer.address}/authorize?")
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"].endswith("/api/session/open-id/return")
    issuer.codes["c1"] = asked
    query = {"code": "c1", "state": asked["state"], **changed}
    return client.get(f"/api/session/open-id/return?{urlencode(query)}", follow_redirects=False)


def test_a_person_signs_in_with_the_role_of_their_group(app, issuer):
    client = signed_in(app, "public")
    assert client.get("/api/about").json()["open_id"]
    issuer.claims = {"groups": ["everybody", "planning-office"], "area": "2201"}
    back = come_back(client, issuer)
    assert back.status_code == 303, back.text
    who = client.get("/api/session").json()
    assert (who["name"], who["role"], who["scope"]) == ("oidc:li.wei", "province", "2201")
    assert client.get("/api/provinces").status_code == 200


@pytest.mark.parametrize(
    ("claims", "key", "changed", "status"),
    [
        ({"groups": ["everybody"]}, KEY, {}, 403),
        ({}, KEY, {}, 403),
        ({"groups": "province", "aud": "another client"}, KEY, {}, 401),
        ({"groups": "province", "iss": "https://elsewhere"}, KEY, {}, 401),
        ({"groups": "province", "exp": 1000}, KEY, {}, 401),
        ({"groups": "province", "nonce": "another"}, KEY, {}, 401),
        ({"groups": "province"}, STRANGER, {}, 401),
        ({"groups": "province"}, KEY, {"state": "made up"}, 401),
        ({"groups": "province"}, KEY, {"code": "made up"}, 401),
    ],
)
def test_nobody_else_gets_in(app, issuer, claims, key, changed, status):
    client = signed_in(app, "public")
    issuer.claims, issuer.key = claims, key
    try:
        assert come_back(client, issuer, **changed).status_code == status
    finally:
        issuer.claims, issuer.key = {}, KEY
    assert client.get("/api/session").json()["role"] == "public"


def test_a_code_without_a_flow_of_this_browser_is_refused(app, issuer):
    client, other = signed_in(app, "public"), signed_in(app, "public")
    way = client.get("/api/session/open-id", follow_redirects=False)
    state = parse_qs(urlsplit(way.headers["location"]).query)["state"][0]
    assert other.get(f"/api/session/open-id/return?code=c&state={state}").status_code == 401


def test_an_issuer_that_does_not_answer_is_no_defect(tmp_path):
    made = app_in(tmp_path, open_id=OpenId("http://127.0.0.1:9", *CLIENT))
    assert signed_in(made, "public").get("/api/session/open-id", follow_redirects=False).status_code == 401


def test_the_environment_says_which_issuer_and_roles(monkeypatch):
    assert OpenId.from_environment() is None
    told = {"ISSUER": "https://id.example.cn", "CLIENT_ID": "c", "CLIENT_SECRET": "s", "ROLE_CLAIM": "groups",
            "ROLES": "planning-office=province; 走访 = inspector"}  # fmt: skip
    for name, value in told.items():
        monkeypatch.setenv(f"POSTROAD_OIDC_{name}", value)
    made = OpenId.from_environment()
    assert (made.role_claim, made.scope_claim) == ("groups", "postroad_scope")
    assert made.roles == {"planning-office": "province", "走访": "inspector"}
