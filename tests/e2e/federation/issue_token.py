"""An OpenID Connect provider's work: a key, the key set that is published, and a token for a user.

Arguments: the file for the key set, the issuer, the audience, the user. Prints the token.
"""

import json
import sys
import time

from joserfc import jwt
from joserfc.jwk import ECKey

keys, issuer, audience, user = sys.argv[1:]
key = ECKey.generate_key("P-256", {"kid": "test", "alg": "ES256", "use": "sig"})
with open(keys, "w") as file:
    json.dump({"keys": [key.as_dict(private=False)]}, file)
now = int(time.time())
claims = {"iss": issuer, "aud": audience, "sub": user, "iat": now, "exp": now + 600}
print(jwt.encode({"alg": "ES256", "kid": "test"}, claims, key))
