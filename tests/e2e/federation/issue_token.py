"""An OpenID Connect provider's work: a key, the key set that is published, and a token for a user.

Arguments: the file for the key set, the issuer, the audience, the user; then, if they are other than 600 and {}, the
seconds until it expires and further claims. Prints the token.
"""

import json
import sys
import time

from joserfc import jwt
from joserfc.jwk import ECKey

keys, issuer, audience, user, *more = sys.argv[1:]
seconds = int(more[0]) if more else 600
further = json.loads(more[1]) if len(more) > 1 else {}
key = ECKey.generate_key("P-256", {"kid": "test", "alg": "ES256", "use": "sig"})
with open(keys, "w") as file:
    json.dump({"keys": [key.as_dict(private=False)]}, file)
now = int(time.time())
claims = {"iss": issuer, "aud": audience, "sub": user, "iat": now, "exp": now + seconds, **further}
print(jwt.encode({"alg": "ES256", "kid": "test"}, claims, key))
