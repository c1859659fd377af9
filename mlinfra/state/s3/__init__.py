"""States in S3: the only part of `mlinfra.state` that knows boto3's client and errors."""
