"""Forms: what texts of AWS look like where its models say nothing of them, as rules for declarations.

EC2's models above all know types and no more; what is misspelt there would be refused when it is applied. Each is a
JSON Schema's keywords, with its form in words. Sources: the services' API references and user guides (November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Form = Mapping[str, Any]

_BYTE = r"(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_BYTE}(\.{_BYTE}){{3}}"
_IPV4_RANGE = rf"{_IPV4}/(3[0-2]|[12]?[0-9])"
_IPV6_RANGE = r"[0-9a-fA-F:]*:[0-9a-fA-F:.]*/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"


def choice(*names: str) -> Form:
    """One of these texts."""
    return {"enum": list(names)}


def form(pattern: str, words: str) -> Form:
    """Texts that match all of `pattern`; `words` say so to people."""
    return {"pattern": f"^({pattern})$", "x-form": words}


ADDRESS = form(_IPV4, "an address such as 10.0.0.9")
IPV4_RANGE = form(_IPV4_RANGE, "a range of addresses such as 10.0.0.0/16")
IPV6_RANGE = form(_IPV6_RANGE, "a range of addresses such as fd00::/8")
# VPC user guide, "VPC CIDR blocks" and "Subnet sizing" (November 2026): from /16 to /28.
NETWORK_RANGE = form(rf"{_IPV4}/(1[6-9]|2[0-8])", "a range of addresses from /16 to /28, such as 10.0.0.0/16")
RANGE = form(f"{_IPV4_RANGE}|{_IPV6_RANGE}", "a range of addresses such as 10.0.0.0/16")
ZONE = form(r"[a-z]{2}(-[a-z0-9]+)+-[0-9]+[a-z]", "a zone such as us-east-1a")
PORT: Form = {"minimum": -1, "maximum": 65535}  # of ICMP, the type and the code, or -1 for all
# VPC user guide, "Security group rules": at most 255 of these characters.
SPOKEN = form(
    r"[A-Za-z0-9 ._:/()#,@\[\]+=&;{}!$*-]{0,255}", "at most 255 letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*"
)
IMAGE = form(r"ami-[0-9a-z_]{3,40}|resolve:ssm:.+", "an image such as ami-0123456789abcdef0")
SECURITY_GROUP_ID = form(r"sg-[0-9a-f]{8,17}", "a security group such as sg-0123456789abcdef0")
SUBNET_ID = form(r"subnet-[0-9a-f]{8,17}", "a subnet such as subnet-0123456789abcdef0")
RESERVATION = form(r"cr-[0-9a-f]{8,17}", "a reservation such as cr-0123456789abcdef0")
BASE64 = form(r"[A-Za-z0-9+/=\s]*", "text in base64")
KUBERNETES = form(r"1\.[0-9]{2}", "a version such as 1.33")
DNS_LABEL = form(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", "small letters, digits and dashes, at most 63")
DNS_NAME = form(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?", "small letters, digits, dashes and dots")
EMAIL = form(r"[^@\s]+@[^@\s]+", "an address such as ml@acme.example")
TIMESTAMP = form(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)", "a time such as 2030-01-01T00:00:00Z")
PRICE = form(r"[0-9]+(\.[0-9]+)?", "a price such as 0.5")
TEMPLATE_VERSION = form(r"\$Latest|\$Default|[0-9]+", "a number, $Latest or $Default")
PROTOCOL = form(r"(?i:-1|all|tcp|udp|icmp|icmpv6|ah|esp|gre)|[0-9]{1,3}", "tcp, udp, icmp, -1 for all, or a number")
# EKS user guide, "Associate access policies": a name, or the beginning of one and an asterisk.
NAMESPACES = form(r"\*|[a-z0-9]([-a-z0-9]{0,62}\*?|[-a-z0-9]{0,61}[a-z0-9])", "a namespace, or part of one and *")
WEEKLY = form(
    r"(?i:(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9])",
    "a time of the week such as sun:04:00-sun:05:00",
)
BALANCER_NAME = form(
    r"(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?", "at most 32 letters, digits and dashes"
)
ACCESS_POLICY = form(r"arn:aws[a-z-]*:eks::aws:cluster-access-policy/[A-Za-z0-9]+", "the ARN of an access policy")
ACCESS_TYPE = choice(
    *("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX", "HYPERPOD_LINUX")
)
ADDON_NAME = form(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?", "an add-on such as vpc-cni")
CONFLICTS = choice("NONE", "OVERWRITE", "PRESERVE")
FARGATE_NAMESPACE = form(r"[a-z0-9*?]([-a-z0-9*?]{0,61}[a-z0-9*?])?", "a namespace, * and ? standing for others")
HOST_AND_PATH = form(r"[a-z0-9-]+(\.[a-z0-9-]+)+(/.*)?", "a registry such as quay.io")
# CloudWatch API reference, PutMetricAlarm and MetricStat, `Period`, in seconds (November 2026).
PERIOD: Form = {"minimum": 10, "anyOf": [{"enum": [10, 20, 30]}, {"multipleOf": 60}]}
SERVICE_NAME = form(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a service such as com.amazonaws.us-east-1.s3")
DASHBOARD_NAME = form(r"[A-Za-z0-9_-]{1,255}", "letters, digits, '-' and '_'")
SUBSCRIPTION = choice("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
CONTENT_TYPE = choice("text/plain", "text/css", "text/html", "application/javascript", "application/json")
ALGORITHM = choice("round_robin", "least_outstanding_requests", "weighted_random")
CROSS_ZONE = choice("true", "false", "use_load_balancer_configuration")
CLIENT_ROUTING = choice("any_availability_zone", "availability_zone_affinity", "partial_availability_zone_affinity")
PARAMETER_NAME = form(
    r"(?!/?(?i:aws|ssm))[a-zA-Z0-9_./-]{1,1011}", "letters, digits and ._-/, and begins with neither aws nor ssm"
)
TEMPLATE_NAME = form(r"[a-zA-Z0-9().\-/_]{3,128}", "3 to 128 letters, digits and ().-/_")
