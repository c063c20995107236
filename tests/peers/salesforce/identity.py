"""Signing in: the token endpoint, the tokens it gave, and who their user is."""

import base64
import binascii
import hashlib
import hmac
import threading
import time
from urllib.parse import parse_qs

ORGANIZATION = "00D000000000001EAA"
USER = "005000000000001AAC"


class Identity:
    """The client that may sign in, and the tokens that are good."""

    def __init__(self, token, client_id, client_secret, refresh_token, code):
        self.client_id, self.client_secret = client_id, client_secret
        self.refresh_token, self.code = refresh_token, code
        self.good, self.given, self.lock = {token}, 0, threading.Lock()

    def is_good(self, authorization):
        """Whether a header opens the door."""
        scheme, _, token = (authorization or "").partition(" ")
        return scheme.lower() == "bearer" and token.strip() in self.good

    def expire(self):
        """Ends all sessions."""
        with self.lock:
            self.good = set()

    def token(self, body, authorization, here):
        """The status and the answer of the token endpoint."""
        try:
            form = {name: values[0] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
        except UnicodeDecodeError:
            return 400, refusal("invalid_request", "the body is not a form")
        client_id, secret = form.get("client_id"), form.get("client_secret")
        scheme, _, pair = (authorization or "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(pair, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return 400, refusal("invalid_client", "invalid client credentials")
        grant = form.get("grant_type")
        if grant not in ("client_credentials", "refresh_token", "authorization_code"):
            return 400, refusal("unsupported_grant_type", "grant type not supported")
        if client_id != self.client_id:
            return 400, refusal("invalid_client_id", "client identifier invalid")
        if secret != self.client_secret:
            return 400, refusal("invalid_client", "invalid client credentials")
        if grant == "refresh_token" and form.get("refresh_token") != self.refresh_token:
            return 400, refusal("invalid_grant", "expired access/refresh token")
        if grant == "authorization_code" and form.get("code") != self.code:
            return 400, refusal("invalid_grant", "invalid authorization code")
        return 200, self.grant(grant, here)

    def grant(self, grant, here):
        """A new token."""
        with self.lock:
            self.given += 1
            token = f"{ORGANIZATION[:15]}!given.{self.given}"
            self.good.add(token)
        user, issued_at = f"{here}/id/{ORGANIZATION}/{USER}", str(int(time.time() * 1000))
        signature = hmac.new(self.client_secret.encode(), f"{user}{issued_at}".encode(), hashlib.sha256).digest()
        answer = {"access_token": token, "signature": base64.b64encode(signature).decode(), "scope": "api refresh_token",
                  "instance_url": here, "id": user, "token_type": "Bearer", "issued_at": issued_at}
        if grant == "authorization_code":
            answer["refresh_token"] = self.refresh_token
        return answer


def refusal(error, description):
    """What the token endpoint answers instead of a token."""
    return {"error": error, "error_description": description}


def user_info(here):
    """Who the user of a token is."""
    return {"sub": f"{here}/id/{ORGANIZATION}/{USER}", "user_id": USER, "organization_id": ORGANIZATION,
            "preferred_username": "sample@example.com", "nickname": "sample", "name": "Sample User",
            "email": "sample@example.com", "email_verified": True, "user_type": "STANDARD", "language": "en_US",
            "locale": "en_US", "utcOffset": 0,
            "urls": {"rest": f"{here}/services/data/v{{version}}/", "query": f"{here}/services/data/v{{version}}/query/",
                     "sobjects": f"{here}/services/data/v{{version}}/sobjects/"}}
