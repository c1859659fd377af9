"""The types that advisers look at by name."""

from __future__ import annotations

MANAGED = "aws:eks/nodeGroup:NodeGroup"
SCALING = "aws:autoscaling/group:Group"
NODE_POOL = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
VPC = "aws:ec2/vpc:Vpc"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
PUBLIC_ADDRESS = "aws:ec2/eip:Eip"
NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"
RESERVATION = "aws:ec2/capacityReservation:CapacityReservation"
SUBNET = "aws:ec2/subnet:Subnet"
ADDON = "aws:eks/addon:Addon"

SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
FILE_SYSTEM = "aws:efs/fileSystem:FileSystem"
ZONE = "aws:route53/zone:Zone"
KEY = "aws:kms/key:Key"
CERTIFICATE = "aws:acm/certificate:Certificate"
POLICY = "aws:iam/policy:Policy"
ROLE = "aws:iam/role:Role"
CLUSTER = "aws:eks/cluster:Cluster"
LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP = "aws:lb/targetGroup:TargetGroup"
TOPIC = "aws:sns/topic:Topic"
QUEUE = "aws:sqs/queue:Queue"
BUCKET = "aws:s3/bucket:Bucket"
SECRET = "aws:secretsmanager/secret:Secret"
REPOSITORY = "aws:ecr/repository:Repository"

# What is named without being declared as a reference to a type of ours: it may be of several, or of none.
NAMING = {
    "aws:eks/accessEntry:AccessEntry": "principalArn",
    "aws:lb/listener:Listener": "certificateArn",
    "aws:lb/listenerCertificate:ListenerCertificate": "certificateArn",
}
