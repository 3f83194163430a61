"""The region that botocore finds in the instance metadata, as the AWS CLI v2 does. Prints it."""

from botocore.session import Session
from botocore.utils import IMDSRegionProvider

print(IMDSRegionProvider(Session()).provide())
