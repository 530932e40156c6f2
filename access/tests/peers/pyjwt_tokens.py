"""Makes keys and tokens with PyJWT, and says of each token what PyJWT thinks of it.

Prints one JSON object: the JWK set, and [name, token, PyJWT takes it, its header] for each.
"""

import base64
import json
import sys
import time
import warnings

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

# It would rather not use the weak key; that is what the key is there for.
warnings.simplefilter("ignore")

ISSUER, AUDIENCE, NOW = sys.argv[1], sys.argv[2], int(time.time())
ALGORITHMS = get_default_algorithms()
RSA = rsa.generate_private_key(65537, 2048)
KEYS = {
    **dict.fromkeys(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"], RSA),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
WEAK = rsa.generate_private_key(65537, 1024)
CLAIMS = {"iss": ISSUER, "aud": AUDIENCE, "sub": "peer", "iat": NOW, "exp": NOW + 300, "scope": "read:tools"}
CHANGES = {
    "aud in a list": {"aud": ["urn:other", AUDIENCE]},
    "exp with a fraction": {"exp": NOW + 300.5},
    "expired": {"exp": NOW - 300},
    "exp as text": {"exp": "tomorrow"},
    "no exp": {"exp": None},
    "not yet valid": {"nbf": NOW + 300},
    "issued in the future": {"iat": NOW + 300},
    "other audience": {"aud": "urn:other"},
    "audience that begins alike": {"aud": AUDIENCE + "/more"},
    "other audiences": {"aud": ["urn:other", "urn:another"]},
    "no audience": {"aud": None},
    "other issuer": {"iss": "https://evil.example"},
    "issuer with a slash": {"iss": ISSUER + "/"},
    "no issuer": {"iss": None},
    "no subject": {"sub": None},
    "subject that is a number": {"sub": 1},
}


def public(name, algorithm, key):
    jwk = json.loads(ALGORITHMS[algorithm].to_jwk(key.public_key()))
    return {**jwk, "kid": name, "alg": algorithm, "use": "sig"}


def made(algorithm, changes={}):
    claims = {name: value for name, value in {**CLAIMS, **changes}.items() if value is not None}
    headers = {"kid": algorithm, "typ": "at+jwt"}
    # PyJWT checks some claims when it encodes, so that wrong ones are made of bytes.
    payload = json.dumps(claims).encode()
    return jwt.api_jws.encode(payload, KEYS[algorithm], algorithm, headers)


def takes(token, key):
    try:
        jwt.decode(
            token, key, algorithms=list(KEYS), issuer=ISSUER, audience=AUDIENCE, leeway=30,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
    except jwt.PyJWTError:
        return False
    return True


def flipped(token, part):
    parts = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(parts[part] + "=="))
    raw[len(raw) // 2] ^= 1
    parts[part] = base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode()
    return ".".join(parts)


tokens = []
for algorithm, key in KEYS.items():
    good = made(algorithm)
    cases = {f"{algorithm}": good}
    for part, name in enumerate(["header", "claims", "signature"]):
        cases[f"{algorithm} with another {name}"] = flipped(good, part)
    for name, changes in CHANGES.items():
        cases[f"{algorithm} {name}"] = made(algorithm, changes)
    for name, token in cases.items():
        tokens.append([name, token, takes(token, key.public_key())])

keys = [public(name, name, key) for name, key in KEYS.items()] + [public("weak", "RS256", WEAK)]
weak = jwt.encode(CLAIMS, WEAK, "RS256", {"kid": "weak"})
print(json.dumps({"jwks": {"keys": keys}, "tokens": tokens, "weak": weak}))
