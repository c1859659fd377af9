"""Dividing GPUs by MIG: what a machine does at every boot, before it joins the cluster.

NVIDIA's MIG manager would do it on nodes that are in use, as a privileged program with the right to change nodes and to
end pods. Here no pod is there yet: a unit of systemd divides, and the node joins once that is done, or not at all. It
takes the way of NVIDIA's own unit (NVIDIA/mig-parted, deployments/systemd, at bd7160f43f16, August 2026): what holds a
GPU is stopped, the mode is changed, and where that takes a reset that the machine does not allow, it reboots, once
(NVML reference, "nvmlDeviceSetMigMode": a machine to which GPUs are passed through may have to). On the images of EKS
what user data runs comes before `nodeadm-run`, which starts the kubelet (awslabs/amazon-eks-ami, templates/al2023, at
81fec2e89585, July 2026).
"""

from __future__ import annotations

from .bootstrap import Part

_NAME = "mlinfra-mig"
_SCRIPT = f"/usr/local/sbin/{_NAME}"
# Outputs of `nvidia-smi`: MIG user guide, "Getting started with MIG" (November 2026).
_DIVIDE = """\
#!/bin/bash
# Divides each GPU into {count} parts of {profile}. Run again, it changes nothing that is so already.
set -o errexit -o nounset -o pipefail
rebooted="$STATE_DIRECTORY/rebooted"

enabled() {{
  modes=$(nvidia-smi --query-gpu=mig.mode.current --format=csv,noheader)
  ! grep -qv Enabled <<< "$modes"
}}

divided() {{
  gpus=$(nvidia-smi --query-gpu=index --format=csv,noheader | wc -l)
  parts=$(nvidia-smi -L | grep -cE 'MIG +{profile} +Device' || true)
  [ "$parts" -eq $((gpus * {count})) ]
}}

if ! enabled; then
  # Whoever holds a GPU keeps it from changing its mode.
  systemctl stop nvidia-persistenced.service || true
  nvidia-smi -mig 1 || true
  enabled || nvidia-smi --gpu-reset || true
  systemctl start --no-block nvidia-persistenced.service set-nvidia-clocks.service || true
fi
if ! enabled; then
  if [ -e "$rebooted" ]; then
    echo 'the GPUs do not take the mode of MIG, not even after a reboot: this node does not join' >&2
    exit 1
  fi
  touch "$rebooted"
  echo 'the mode of MIG takes a reboot' >&2
  systemctl reboot
  exit 1
fi
rm -f "$rebooted"
if ! divided; then
  nvidia-smi mig -dci || true
  nvidia-smi mig -dgi || true
  nvidia-smi mig -cgi {parts} -C
fi
divided
"""
_UNIT = f"""\
[Unit]
Description=Divide the GPUs of this node by MIG
After=nvidia-kmod-load.service nvidia-persistenced.service nvidia-fabricmanager.service
Before=nodeadm-run.service

[Service]
Type=oneshot
RemainAfterExit=true
StateDirectory={_NAME}
ExecStart={_SCRIPT}
StandardError=journal+console

[Install]
WantedBy=multi-user.target
"""
# From the second boot on; at the first, nodeadm waits for cloud-init by itself.
_NEEDED = f"""\
[Unit]
Requires={_NAME}.service
After={_NAME}.service
"""


def divide_script(profile: str, count: int) -> str:
    """What divides every GPU into `count` parts of that profile."""
    return _DIVIDE.format(profile=profile, count=count, parts=",".join([profile] * count))


def division_part(profile: str, count: int) -> Part:
    """What of a machine's user data has it divide its GPUs; where that fails, it does not join."""
    files = {
        _SCRIPT: divide_script(profile, count),
        f"/etc/systemd/system/{_NAME}.service": _UNIT,
        f"/etc/systemd/system/nodeadm-run.service.d/{_NAME}.conf": _NEEDED,
    }
    lines = ["#!/bin/bash", "set -o errexit", "mkdir -p /etc/systemd/system/nodeadm-run.service.d"]
    for path, text in files.items():
        lines.append(f"cat > {path} <<'END'\n{text}END")
    lines += [
        f"chmod 755 {_SCRIPT}",
        "systemctl daemon-reload",
        f"systemctl enable {_NAME}.service",
        f"systemctl start {_NAME}.service || systemctl stop nodeadm-run.service",
        "",
    ]
    return Part("text/x-shellscript", ("\n".join(lines),))
