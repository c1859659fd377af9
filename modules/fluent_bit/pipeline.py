"""What Fluent Bit reads on a node, and what it makes of it, in its own language.

https://docs.fluentbit.io/manual/ (5.1, November 2026). Where it stopped reading is kept on the node: what is written
while it is replaced is read afterwards, once.
"""

from __future__ import annotations

from mlinfra.library.in_cluster import LOKI_HOST, LOKI_PORT

# By the parts that logs are kept in: what is matched for each.
MATCHES = {"application": "application.*", "dataplane": "dataplane.*", "host": "host.*"}

SERVICE = """\
[SERVICE]
    Flush 5
    Grace 30
    Log_Level warn
    Daemon off
    HTTP_Server On
    HTTP_Listen 0.0.0.0
    HTTP_Port 2020
    Health_Check On
    Parsers_File /fluent-bit/etc/parsers.conf
    Parsers_File /fluent-bit/etc/conf/custom_parsers.conf
"""

INPUTS = """\
[INPUT]
    Name tail
    Tag application.*
    Path /var/log/containers/*.log
    Exclude_Path /var/log/containers/*_kube-system_*.log,/var/log/containers/fluent-bit-*.log
    multiline.parser cri
    DB /var/log/fluent-bit-application.db
    Mem_Buf_Limit 50MB
    Skip_Long_Lines On
    Refresh_Interval 10
[INPUT]
    Name tail
    Tag dataplane.tail.*
    Path /var/log/containers/*_kube-system_*.log
    multiline.parser cri
    DB /var/log/fluent-bit-dataplane.db
    Mem_Buf_Limit 20MB
    Skip_Long_Lines On
    Refresh_Interval 10
[INPUT]
    Name systemd
    Tag dataplane.systemd.*
    Systemd_Filter _SYSTEMD_UNIT=kubelet.service
    Systemd_Filter _SYSTEMD_UNIT=containerd.service
    DB /var/log/fluent-bit-systemd.db
    Read_From_Tail On
[INPUT]
    Name systemd
    Tag host.*
    Systemd_Filter _TRANSPORT=kernel
    DB /var/log/fluent-bit-host.db
    Read_From_Tail On
"""

# Who wrote a line is in the name of its file.
FILTERS = """\
[FILTER]
    Name kubernetes
    Match application.*
    Kube_Tag_Prefix application.var.log.containers.
    Merge_Log On
    Merge_Log_Key parsed
    Keep_Log Off
    K8S-Logging.Parser On
    K8S-Logging.Exclude On
    Annotations Off
"""

_TO_LOKI = f"    Host {LOKI_HOST}\n    Port {LOKI_PORT}\n    line_format json\n    Retry_Limit no_limits\n"

# By few labels, and each of few values: Loki makes a stream of every combination. The rest stays in the line.
TO_LOKI = (
    f"[OUTPUT]\n    Name loki\n    Match application.*\n{_TO_LOKI}"
    "    labels part=application\n"
    "    label_keys $kubernetes['namespace_name'],$kubernetes['container_name']\n"
    f"[OUTPUT]\n    Name loki\n    Match dataplane.*\n{_TO_LOKI}    labels part=dataplane, node=${{NODE_NAME}}\n"
    f"[OUTPUT]\n    Name loki\n    Match host.*\n{_TO_LOKI}    labels part=host, node=${{NODE_NAME}}\n"
)
